/**
 * Using a trained network: {@link org.alexnet.inference.Classifier} opens a run or a file of
 * weights, evaluates it on a data set and predicts the classes of images. Training evaluates
 * through the same {@link org.alexnet.inference.Evaluator}.
 */
package org.alexnet.inference;
