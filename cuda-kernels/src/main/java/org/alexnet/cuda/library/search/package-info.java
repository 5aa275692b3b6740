/** Where NVIDIA's libraries are looked for. */
package org.alexnet.cuda.library.search;
