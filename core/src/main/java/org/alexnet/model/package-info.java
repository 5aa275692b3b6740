/**
 * Networks, each with the recipe it is trained by: the catalogue, files, and how either is found.
 */
package org.alexnet.model;
