/** The networks that there are, each with the recipe it is trained by. */
package org.alexnet.model;
