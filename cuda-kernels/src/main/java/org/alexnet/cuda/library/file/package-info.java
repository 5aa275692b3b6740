/** Files of NVIDIA's libraries, and the machine they lie on. */
package org.alexnet.cuda.library.file;
