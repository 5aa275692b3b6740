/**
 * What the formats have in common: a file is mapped, and every number that it says of itself is
 * compared with its length before anything is made of it. Each format has a package of its own.
 */
package org.alexnet.formats;
