/**
 * Training on Apache Spark: a job of one stage, each task of which is a worker. It stands above the
 * command line, whose options it takes, and nothing knows it.
 */
package org.alexnet.spark;
