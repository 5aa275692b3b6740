/**
 * Training on Apache Spark, as the command line starts it: {@code spark-submit} of the jar that the
 * module {@code spark} makes, of which nothing here knows more than its name.
 */
package org.alexnet.cli.spark;
