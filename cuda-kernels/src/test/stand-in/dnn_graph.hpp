// cuDNN's graph interface: descriptors with attributes, heuristics that know three engines, plans. A
// part of dnn.cpp, within its namespace.

enum {
  POINTWISE = 0,
  CONVOLUTION = 1,
  ENGINE = 2,
  ENGINE_CONFIG = 3,
  HEURISTICS = 4,
  PLAN = 5,
  KNOB = 7,
  OP_FORWARD = 10,
  OP_BACKWARD_FILTER = 11,
  OP_BACKWARD_DATA = 12,
  OP_POINTWISE = 13,
  GRAPH = 15,
  PACK = 16,
  TENSOR = 17,
};
enum { AS_HANDLE = 0, AS_TYPE = 1, AS_BOOL = 2, AS_LONG = 3, AS_FLOAT = 4, AS_ADDRESS = 6,
       AS_NOTE = 11, AS_PART = 15 };
enum { MODE_A = 3, MODE_FALLBACK = 2 };
enum { TENSOR_CORES = 0, NOT_DETERMINISTIC = 4 };
enum { ADD = 0, RELU = 100 };

struct Attribute {
  int type;
  std::int64_t count;
  std::vector<char> values;
};

struct Part : Object {
  int type;
  bool done = false;
  std::map<int, Attribute> attributes;
  int engine = 0;  // of an engine, and of its configuration
  Part* graph = nullptr;
  explicit Part(int type) : Object("graph descriptor", -1), type(type) {}

  bool has(int name) const { return attributes.count(name); }
  template <class T>
  std::vector<T> all(int name) const {
    auto found = attributes.find(name);
    if (found == attributes.end()) return {};
    auto start = reinterpret_cast<const T*>(found->second.values.data());
    return std::vector<T>(start, start + found->second.count);
  }
  template <class T>
  T one(int name, T otherwise = T()) const {
    auto values = all<T>(name);
    return values.empty() ? otherwise : values[0];
  }
  Part* part(int name) const { return one<Part*>(name); }
};

bool isDone(Part* p, int type) { return find(p, "graph descriptor") && p->type == type && p->done; }

std::size_t sizeOfType(int type) {
  switch (type) {
    case AS_BOOL: case 24: return 1;
    case AS_HANDLE: case AS_LONG: case AS_ADDRESS: case AS_PART: return 8;
    default: return 4;
  }
}

int setAttribute(Part* p, int name, int type, std::int64_t count, const void* values) {
  if (!find(p, "graph descriptor") || p->done || count < 1 || !values) return BAD_PARAM;
  auto from = static_cast<const char*>(values);
  p->attributes[name] = {type, count, std::vector<char>(from, from + count * sizeOfType(type))};
  return OK;
}

// ---- what a graph computes ----

struct Operation {
  Direction direction;
  Part *x, *w, *y, *convolution, *bias = nullptr;
  bool relu = false;
  bool valid = false;
};

bool tensorShape(Part* t, Shape* shape, bool product) {
  if (!isDone(t, TENSOR)) return false;
  auto sizes = t->all<long>(902), strides = t->all<long>(903);
  if (sizes.size() != 4 || strides.size() != 4 || t->one<long>(900) != 16) return false;
  int type = t->one<int>(901, -1);
  if (product && type != 0) return false;  // what lies between operations is single precision
  if (type != 0 && type != 2 && type != 9) return false;
  Format format = type == 0 ? Format::FLOAT : type == 2 ? Format::HALF : Format::BFLOAT16;
  *shape = Shape(format, sizes.data(), strides.data());
  return true;
}

// A product, perhaps a sum with a bias, perhaps a ReLU; the tensors between them are virtual.
Operation operationOf(Part* graph) {
  Operation o;
  auto ops = graph->all<Part*>(801);
  if (ops.empty() || ops.size() > 3) return o;
  Part* first = ops[0];
  if (!find(first, "graph descriptor") || !first->done) return o;
  switch (first->type) {
    case OP_FORWARD:
      o = {FORWARD, first->part(704), first->part(703), first->part(705), first->part(702)};
      break;
    case OP_BACKWARD_DATA:
      o = {BACKWARD_DATA, first->part(710), first->part(709), first->part(711), first->part(708)};
      break;
    case OP_BACKWARD_FILTER:
      o = {BACKWARD_FILTER, first->part(716), first->part(715), first->part(717), first->part(714)};
      break;
    default: return o;
  }
  for (std::size_t i = 1; i < ops.size(); i++) {
    Part* op = ops[i];
    if (!isDone(op, OP_POINTWISE) || o.direction != FORWARD) return o;
    Part* how = op->part(750);
    if (!isDone(how, POINTWISE) || op->part(751) != o.y) return o;
    if (!o.y->one<char>(907)) return o;
    int mode = how->one<int>(0, -1);
    if (mode == ADD && i == 1) o.bias = op->part(752);
    else if (mode == RELU && i == 2 && how->one<int>(2) == 1) o.relu = true;
    else return o;
    o.y = op->part(753);
  }
  o.valid = !o.y->one<char>(907);
  return o;
}

// Whether the shapes fit, and all of them if they do.
bool geometry(const Operation& o, Shape* x, Shape* w, Shape* y, Geometry* g) {
  if (!o.valid || !tensorShape(o.x, x, false) || !tensorShape(o.w, w, false) ||
      !tensorShape(o.y, y, false) || !isDone(o.convolution, CONVOLUTION))
    return false;
  auto pad = o.convolution->all<long>(105), stride = o.convolution->all<long>(103);
  if (pad.size() != 2 || stride.size() != 2 || o.convolution->all<long>(104) != pad) return false;
  if (o.convolution->one<int>(100, -1) != 0 || o.convolution->one<int>(101, -1) != 1) return false;
  if (x->c % w->c) return false;
  *g = {pad[0], pad[1], stride[0], stride[1], 1, 1, x->c / w->c};
  if (o.bias) {
    Shape b = *x;
    if (!tensorShape(o.bias, &b, false) || b.size() != y->c || b.format != y->format) return false;
  }
  return x->format == w->format && x->format == y->format && x->n == y->n && y->c == w->n &&
         w->n % g->groups == 0 && y->h == outputSize(x->h, pad[0], w->h, 1, stride[0]) &&
         y->w == outputSize(x->w, pad[1], w->w, 1, stride[1]);
}

// ---- engines ----

enum { FIRST_ENGINE = 100, ON_TENSOR_CORES = 100, PLAIN = 101, UNORDERED = 102 };

std::vector<int> enginesFor(Part* graph, int mode) {
  Operation o = operationOf(graph);
  Shape x(Format::FLOAT, (const long[]){1, 1, 1, 1}, (const long[]){1, 1, 1, 1}), w = x, y = x;
  Geometry g;
  if (!geometry(o, &x, &w, &y, &g)) return {};
  long vector = x.format == Format::FLOAT ? 4 : 8;
  // No engine takes an odd number of channels, so that the older interface is used too.
  if (w.c % 2 || y.c / g.groups % 2) return {};
  std::vector<int> engines;
  bool wide = w.c % vector == 0 && y.c / g.groups % vector == 0 && x.stride[1] == 1;
  if (mode == MODE_A && wide) engines.push_back(ON_TENSOR_CORES);
  engines.push_back(PLAIN);
  if (mode == MODE_A) engines.push_back(UNORDERED);
  return engines;
}

std::size_t workspaceOf(Part* graph, int engine) {
  if (engine != ON_TENSOR_CORES) return 0;
  auto sizes = operationOf(graph).x->all<long>(902);
  return 512 + 16 * std::size_t(sizes[0]) + options().workspace;
}

bool requires(Part* p, std::initializer_list<int> names) {
  return std::all_of(names.begin(), names.end(), [&](int name) { return p->has(name); });
}

int finalize(Part* p) {
  if (!find(p, "graph descriptor") || p->done) return BAD_PARAM;
  switch (p->type) {
    case TENSOR:
      if (!requires(p, {900, 901, 902, 903, 906})) return BAD_PARAM;
      break;
    case CONVOLUTION:
      if (!requires(p, {100, 101, 102, 103, 104, 105, 106}) || p->one<long>(106) != 2)
        return BAD_PARAM;
      break;
    case POINTWISE:
      if (!requires(p, {0, 1})) return BAD_PARAM;
      break;
    case OP_FORWARD:
      if (!requires(p, {700, 701, 702, 703, 704, 705})) return BAD_PARAM;
      break;
    case OP_BACKWARD_DATA:
      if (!requires(p, {706, 707, 708, 709, 710, 711})) return BAD_PARAM;
      break;
    case OP_BACKWARD_FILTER:
      if (!requires(p, {712, 713, 714, 715, 716, 717})) return BAD_PARAM;
      break;
    case OP_POINTWISE:
      if (!requires(p, {750, 751, 753})) return BAD_PARAM;
      break;
    case GRAPH:
      if (int status = check(p->one<Handle*>(800))) return status;
      if (!operationOf(p).valid) return UNSUPPORTED;
      break;
    case HEURISTICS:
      if (!isDone(p->part(201), GRAPH)) return BAD_PARAM;
      if (enginesFor(p->part(201), p->one<int>(200, -1)).empty()) return UNSUPPORTED;
      break;
    case PLAN: {
      Part* config = p->part(401);
      if (int status = check(p->one<Handle*>(400))) return status;
      if (!isDone(config, ENGINE_CONFIG)) return BAD_PARAM;
      p->engine = config->engine;
      p->graph = config->graph;
      break;
    }
    case PACK:
      if (!requires(p, {1000, 1001, 1003})) return BAD_PARAM;
      if (p->all<long>(1000).size() != p->all<void*>(1001).size()) return BAD_PARAM;
      break;
    default: return UNSUPPORTED;
  }
  p->done = true;
  return OK;
}

// Fills in descriptors that the caller made.
int fill(Part** into, std::int64_t room, std::int64_t* count, int type, Part* graph,
         const std::vector<int>& engines) {
  *count = std::min<std::int64_t>(room, engines.size());
  for (std::int64_t i = 0; i < *count; i++) {
    if (!find(into[i], "graph descriptor") || into[i]->type != type) return BAD_PARAM;
    into[i]->graph = graph;
    into[i]->engine = engines[i];
    into[i]->done = true;
  }
  return OK;
}

int getAttribute(Part* p, int name, int type, std::int64_t room, std::int64_t* count,
                 void* values) {
  if (!find(p, "graph descriptor") || !p->done || !values || !count) return BAD_PARAM;
  auto parts = static_cast<Part**>(values);
  if (p->type == HEURISTICS && name == 202 && type == AS_PART)
    return fill(parts, room, count, ENGINE_CONFIG, p->part(201),
                enginesFor(p->part(201), p->one<int>(200)));
  if (p->type == ENGINE_CONFIG && name == 300 && type == AS_PART)
    return fill(parts, room, count, ENGINE, p->graph, {p->engine});
  if (p->type == ENGINE_CONFIG && name == 302 && type == AS_PART) {
    *count = 0;
    return OK;
  }
  if (p->type == ENGINE && name == 1301 && type == AS_LONG) {
    *count = 1;
    *static_cast<long*>(values) = p->engine;
    return OK;
  }
  if (p->type == ENGINE && name == 1303 && type == AS_NOTE) {
    *count = p->engine == PLAIN ? 0 : 1;
    if (*count) *static_cast<int*>(values) =
        p->engine == ON_TENSOR_CORES ? TENSOR_CORES : NOT_DETERMINISTIC;
    return OK;
  }
  if (p->type == PLAN && name == 402 && type == AS_LONG) {
    *count = 1;
    *static_cast<long*>(values) = long(workspaceOf(p->graph, p->engine));
    return OK;
  }
  return UNSUPPORTED;
}

void* addressOf(Part* pack, Part* tensor) {
  auto ids = pack->all<long>(1000);
  auto addresses = pack->all<void*>(1001);
  for (std::size_t i = 0; i < ids.size(); i++)
    if (ids[i] == tensor->one<long>(906)) return addresses[i];
  return nullptr;
}

int execute(Handle* handle, Part* plan, Part* pack) {
  if (int status = check(handle)) return status;
  if (!isDone(plan, PLAN) || !isDone(pack, PACK)) return BAD_PARAM;
  Operation o = operationOf(plan->graph);
  Shape x(Format::FLOAT, (const long[]){1, 1, 1, 1}, (const long[]){1, 1, 1, 1}), w = x, y = x;
  Geometry g;
  if (!geometry(o, &x, &w, &y, &g)) return BAD_PARAM;
  AlgorithmFault fault = algorithmFault(o.direction, plan->engine);
  if (fault == REFUSES) return UNSUPPORTED;
  void *xs = addressOf(pack, o.x), *ws = addressOf(pack, o.w), *ys = addressOf(pack, o.y);
  void* bias = o.bias ? addressOf(pack, o.bias) : nullptr;
  if (!xs || !ws || !ys || (o.bias && !bias)) return NULL_POINTER;
  for (void* p : {xs, ws, ys, bias})
    if (reinterpret_cast<Address>(p) % 16) return BAD_PARAM;
  bool tf32 = x.format == Format::FLOAT && plan->engine == ON_TENSOR_CORES;
  Convolution call{o.direction, x, w, y, g, tf32, plan->engine != UNORDERED, fault, 1, 0,
                   o.direction == BACKWARD_DATA ? ws : xs, o.direction == FORWARD ? ws : ys,
                   o.direction == FORWARD ? ys : o.direction == BACKWARD_DATA ? xs : ws,
                   static_cast<char*>(pack->one<void*>(1003)),
                   workspaceOf(plan->graph, plan->engine), bias, o.relu};
  if (call.workspaceSize && !call.workspace) return BAD_PARAM;
  int error;
  Stream* stream = streamOf(handle->stream, error);
  if (!stream) return EXECUTION_FAILED;
  Work work{NAMES[o.direction], handle->device, true, false, [call] { call.run(); }};
  return enqueue(stream, work) ? EXECUTION_FAILED : OK;
}
