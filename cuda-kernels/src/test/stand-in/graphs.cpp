// Capture of streams into a graph, and its replay as one item of the stream it is launched in.
#include <algorithm>
#include <map>

#include "core.hpp"

namespace standin {
namespace {

std::set<Capture*>& captures() {
  static std::set<Capture*>& all = *new std::set<Capture*>;
  return all;
}

struct Graph : Object {
  std::vector<Node> nodes;
  std::set<int> ends;
  explicit Graph(int device) : Object("graph", device) {}
};

struct GraphExec : Object {
  std::shared_ptr<std::vector<Node>> nodes = std::make_shared<std::vector<Node>>();
  std::map<Stream*, int> chains;
  Stream* launchedIn = nullptr;  // the last launch: the next one follows it
  std::uint64_t launchedAt = 0;
  Clock launchedClock;
  explicit GraphExec(int device) : Object("graph exec", device) {}
};

// Whether every node of the capture comes before the origin's tail.
bool joined(const Capture& c) {
  std::vector<bool> reached(c.nodes.size());
  std::vector<int> open(c.origin->tail.begin(), c.origin->tail.end());
  while (!open.empty()) {
    int n = open.back();
    open.pop_back();
    if (reached[n]) continue;
    reached[n] = true;
    open.insert(open.end(), c.nodes[n].after.begin(), c.nodes[n].after.end());
  }
  return std::all_of(reached.begin(), reached.end(), [](bool r) { return r; });
}

}  // namespace

bool capturing() { return !captures().empty(); }

int refuseInCapture() {
  if (captures().empty()) return 0;
  for (Capture* c : captures()) c->valid = false;
  return CAPTURE_UNSUPPORTED;
}

}  // namespace standin

using namespace standin;

extern "C" {

int cuStreamBeginCapture_v2(void* handle, int mode) {
  ENTRY;
  int error;
  Stream* s = streamOf(handle, error);
  if (!s) return error;
  if (mode < 0 || mode > 2) return INVALID_VALUE;
  if (s->capture || s == context(s->device)->legacy) return CAPTURE_UNSUPPORTED;
  Capture* c = new Capture;
  c->origin = s;
  c->streams = {s};
  s->capture = c;
  s->tail.clear();
  captures().insert(c);
  return SUCCESS;
}

int cuStreamEndCapture(Stream* s, Graph** graph) {
  ENTRY;
  if (graph) *graph = nullptr;
  if (!find(s, "stream")) return INVALID_HANDLE;
  Capture* c = s->capture;
  if (!c) return INVALID_VALUE;
  if (c->origin != s) return c->valid = false, CAPTURE_UNMATCHED;
  bool whole = joined(*c), valid = c->valid;
  if (valid && whole) {
    Graph* made = new Graph(s->device);
    made->nodes = c->nodes;
    made->ends = s->tail;
    *graph = made;
  }
  for (Stream* each : c->streams) {
    each->capture = nullptr;
    each->tail.clear();
  }
  c->valid = false;  // events that were recorded in it say so
  captures().erase(c);
  return !valid ? CAPTURE_INVALIDATED : !whole ? CAPTURE_UNJOINED : SUCCESS;
}

int cuStreamIsCapturing(Stream* s, int* status) {
  ENTRY;
  if (!find(s, "stream")) return INVALID_HANDLE;
  *status = !s->capture ? 0 : s->capture->valid ? 1 : 2;
  return SUCCESS;
}

int cuGraphInstantiateWithFlags(GraphExec** exec, Graph* graph, unsigned long long) {
  ENTRY;
  if (int error = ready()) return error;
  if (int error = refuseInCapture()) return error;
  if (!find(graph, "graph")) return INVALID_HANDLE;
  if (countInstantiateFails()) return OUT_OF_MEMORY;
  GraphExec* made = new GraphExec(graph->device);
  *made->nodes = graph->nodes;
  for (Node& n : *made->nodes)
    if (!made->chains.count(n.stream)) made->chains[n.stream] = newChain();
  *exec = made;
  return SUCCESS;
}

int cuGraphUpload(GraphExec* exec, void* handle) {
  ENTRY;
  int error;
  if (!streamOf(handle, error)) return error;
  return find(exec, "graph exec") ? SUCCESS : INVALID_HANDLE;
}

int cuGraphLaunch(GraphExec* exec, void* handle) {
  ENTRY;
  int error;
  Stream* s = streamOf(handle, error);
  if (!s) return error;
  if (!find(exec, "graph exec")) return INVALID_HANDLE;
  if (s->capture) return s->capture->valid = false, CAPTURE_UNSUPPORTED;
  for (Node& n : *exec->nodes)
    if (int fault = faultOf(n.work.device)) return fault;
  // CUDA lets no two launches of one executable graph run at once.
  s->clock.join(exec->launchedClock);
  if ((error = enqueue(s, {"graph launch", s->device, false, false, nullptr}))) return error;
  Item& item = s->queue.back();
  if (exec->launchedIn) item.after.push_back({exec->launchedIn, exec->launchedAt});
  auto clocks = std::make_shared<std::vector<Clock>>();
  auto places = std::make_shared<std::vector<Place>>();
  for (Node& n : *exec->nodes) {
    Clock clock = item.clock;
    for (int before : n.after) clock.join((*clocks)[before]);
    int chain = exec->chains[n.stream];
    // A stream's nodes follow one another, within a launch and from one launch to the next.
    std::uint32_t epoch = clock.next(chain);
    clocks->push_back(clock);
    places->push_back({chain, epoch, "graph, " + n.stream->name()});
    s->clock.join(clock);
  }
  auto nodes = exec->nodes;
  // Not the item's own work: each node is an operation, with its own device and clock.
  item.nodes = [=] {
    for (std::size_t i = 0; i < nodes->size(); i++)
      perform((*nodes)[i].work, (*places)[i], (*clocks)[i]);
  };
  exec->launchedIn = s;
  exec->launchedAt = s->enqueued;
  exec->launchedClock = s->clock;
  counts().graphLaunches++;
  return SUCCESS;
}

int cuGraphExecDestroy(GraphExec* exec) {
  ENTRY;
  if (!find(exec, "graph exec")) return INVALID_HANDLE;
  if (exec->launchedIn) finish(exec->launchedIn, exec->launchedAt);
  exec->nodes.reset();
  exec->end();
  return faultOf(exec->device);
}

int cuGraphDestroy(Graph* graph) {
  ENTRY;
  if (!find(graph, "graph")) return INVALID_HANDLE;
  graph->nodes.clear();
  graph->end();
  return faultOf(graph->device);
}
}
