package org.alexnet.backend;

import org.alexnet.data.ImageSource;
import org.alexnet.data.KeptImages;
import org.alexnet.data.ProgressListener;
import org.alexnet.program.CompiledNetwork;

/** Memory of a backend's devices that images can stay in while a network is trained on them. */
public interface ImageMemory {

  /**
   * Bytes of images that each device has room for that reads images of a network, once the network
   * is there too; 0 or less if there is none. What other images take already is not among them.
   */
  long room(CompiledNetwork programs);

  /**
   * Copies images to the devices that read those of a network.
   *
   * @param source of bytes, not of floating-point numbers; stays open
   * @param progress is told how many images are done
   * @return the images, to be closed before the backend
   * @throws org.alexnet.AlexNetException if an image cannot be read, or there is no memory for all
   */
  KeptImages keep(ImageSource source, CompiledNetwork programs, ProgressListener progress);
}
