/** Loading of NVIDIA's libraries and of JCuda's, and what is checked on the way. */
package org.alexnet.cuda.library.load;
