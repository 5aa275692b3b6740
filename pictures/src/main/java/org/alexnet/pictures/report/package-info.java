/**
 * One page about a run: {@link org.alexnet.pictures.report.Report} writes it from what the run
 * recorded and from what {@link org.alexnet.pictures.report.Results} and {@link
 * org.alexnet.pictures.report.LayerActivity} find with its network. They stand beside {@code show}
 * at the end of the flow.
 */
package org.alexnet.pictures.report;
