/**
 * Records as JSON, field by field. It knows no network: a component of a record is a field of an
 * object, and a record of a sealed family says in {@code type} which it is.
 */
package org.alexnet.model.json;
