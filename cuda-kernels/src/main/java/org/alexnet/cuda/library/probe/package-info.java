/** Trying the libraries and the devices in a process of its own, which a wrong library may end. */
package org.alexnet.cuda.library.probe;
