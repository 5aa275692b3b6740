/**
 * What the report and the live page have in common: HTML in which every text is escaped, the curves
 * of a run, and the scripts and styles beside them. Nothing of it is an interface for programs.
 */
package org.alexnet.pictures.page;
