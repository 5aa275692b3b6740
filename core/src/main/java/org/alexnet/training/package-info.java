/**
 * Training a network: {@link org.alexnet.training.Training} collects what a user asks for, a setup
 * checks it and prepares the run folder, and a loop takes the steps, measures, and saves. It stands
 * above data, backends and runs; a program that trains starts here.
 */
package org.alexnet.training;
