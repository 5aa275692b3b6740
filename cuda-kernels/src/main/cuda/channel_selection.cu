// Channels of images chosen by a list.

KERNEL channel_selection(MARK, const Number *x, const int *channels, Number *y, int elements,
                         Sizes in, Sizes out) {
  BEGIN
  long long i = ELEMENT;
  if (i < elements) {
    Place p = placeOf(i, out);
    store(y + i, load(x + indexOf(p.n, channels[p.c], p.h, p.w, in)));
  }
}

// The places of channel c in the list are those of `places` from [c] to before [c + 1].
KERNEL channel_selection_backward(MARK, const Number *dy, const int *places, Number *dx,
                                  int elements, Sizes in, Sizes out) {
  BEGIN
  long long i = ELEMENT;
  if (i >= elements) {
    return;
  }
  Place p = placeOf(i, in);
  int end = places[p.c + 1];
  float sum = 0;
  for (int at = places[p.c]; at < end; at++) {
    sum += load(dy + indexOf(p.n, places[at], p.h, p.w, out));
  }
  store(dx + i, sum);
}
