/** What several devices of a step bring together: gradients, and what all must agree on. */
package org.alexnet.cuda.exchange;
