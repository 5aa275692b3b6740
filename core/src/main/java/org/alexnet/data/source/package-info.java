/**
 * What users name as data, opened: {@link org.alexnet.data.source.DataSets} knows every kind of
 * source, {@link org.alexnet.data.source.Sources} makes sources of others.
 */
package org.alexnet.data.source;
