'use strict';
/*
 * Line charts of one or more runs. A run is {name, colour, mark, curves: {epochs: {x, ...}, steps: {x,
 * ...}}}, as RunCurves writes it; null among the values interrupts a line.
 */
const Charts = (() => {
  const SVG = 'http://www.w3.org/2000/svg';
  const HEIGHT = 230;
  const LEFT = 56, RIGHT = 14, TOP = 10, BOTTOM = 34;
  const MOST_DOTS = 30;
  const MOST_POWERS = 6;
  const MOST_TIPS = 9, MOST_LAYER_TIPS = 18;
  const COLOURS = 8;

  /* What tells lines of one colour apart: nothing, a square, two crosses, and then these again. */
  const MARKS = ['', 'm-3-3h6v6h-6z', 'm-4 0h8m-4-4v8', 'm-3-3l6 6m0-6l-6 6'];
  const MOST_MARKS = 10;

  /* Each line: from epochs or steps, the field, how it is drawn, what it is called. */
  const KINDS = [
    {title: 'Loss', unit: '', scale: 1, lines: [
      ['steps', 'loss', 'thin', 'steps'], ['epochs', 'train_loss', 'dashed', 'training'],
      ['epochs', 'val_loss', '', 'validation']]},
    {title: 'Error', unit: ' %', marked: true, scale: 100, lines: [
      ['steps', 'error', 'thin', 'steps'], ['epochs', 'train_error', 'dashed', 'training'],
      ['epochs', 'val_error', '', 'validation']]},
    {title: 'Learning rate', unit: '', scale: 1, powers: true, lines: [
      ['steps', 'rate', '', 'steps'], ['epochs', 'rate', '', 'epochs']], first: true},
    {title: 'Speed, images/s', unit: ' images/s', scale: 1, zero: true, lines: [
      ['steps', 'images_per_second', 'thin', 'steps'],
      ['epochs', 'images_per_second', '', 'epochs']]},
    {title: 'Norm of the gradient by layer', unit: '', scale: 1, powers: true, layers: true},
  ];

  function element(name, attributes, parent) {
    const made = document.createElementNS(SVG, name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    if (parent) parent.append(made);
    return made;
  }

  function html(name, className, text, parent) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    if (parent) parent.append(made);
    return made;
  }

  function some(values) {
    return values && values.some((value) => value !== null);
  }

  /* The lines of a chart that have any values. */
  function series(kind, runs) {
    const all = [];
    for (const run of runs) {
      for (const [source, field, look, label] of kind.lines) {
        const from = run.curves[source];
        if (!some(from[field])) continue;
        const ys = from[field].map((y) => y === null ? null : y * kind.scale);
        all.push({run, colour: run.colour, mark: look === 'thin' ? 0 : run.mark, look, label, xs: from.x, ys});
        if (kind.first) break;
      }
    }
    return all;
  }

  /* A line for each layer of one run; colours that come again are dashed. */
  function layers(run) {
    return run.curves.steps.gradients.filter((one) => some(one.norm)).map((one, i) => ({run,
      colour: i % COLOURS, look: i < COLOURS ? '' : 'dashed', label: one.layer,
      xs: run.curves.steps.x, ys: one.norm}));
  }

  function digits(step) {
    return Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  }

  function ticks(least, most, wanted) {
    const span = (most - least) || Math.abs(most) || 1;
    const power = 10 ** Math.floor(Math.log10(span / wanted));
    const step = [1, 2, 5, 10].map((f) => f * power).find((s) => span / s <= wanted) || 10 * power;
    const marks = [];
    for (let k = Math.ceil(least / step - 1e-9); k * step <= most + step * 1e-9; k++) {
      marks.push([k * step, (k * step).toFixed(digits(step))]);
    }
    return marks;
  }

  /* Marks between two powers of ten: of few, also twice and five times them. */
  function powers(low, high) {
    const every = Math.ceil((high - low) / MOST_POWERS);
    const marks = [];
    for (let e = Math.floor(low / every) * every; e <= high; e += every) {
      for (const f of high - low < 2.5 ? [1, 2, 5] : [1]) {
        const value = +(f * 10 ** e).toPrecision(1), at = Math.log10(value);
        if (at >= low && at <= high) marks.push([value, String(value)]);
      }
    }
    return marks;
  }

  /* A range in which the values lie with some air, and its marks; in powers where that tells more. */
  function scale(values, kind, height) {
    let least = Math.min(...values), most = Math.max(...values);
    if (kind.powers && least > 0 && most / least > 8) {
      const low = Math.log10(least) - .15, high = Math.log10(most) + .15;
      return {at: (y) => height * (high - Math.log10(y)) / (high - low), marks: powers(low, high)};
    }
    if (kind.zero || kind.powers || least < most / 2) least = Math.min(0, least);
    const air = (most - least) * .06 || Math.abs(most) * .1 || 1;
    most += air;
    if (least !== 0) least -= air;
    return {at: (y) => height * (most - y) / (most - least), marks: ticks(least, most, 5)};
  }

  function path(line, x, y) {
    let d = '', pen = 'M';
    line.ys.forEach((value, i) => {
      if (value === null) { pen = 'M'; return; }
      d += pen + x(line.xs[i]).toFixed(1) + ' ' + y(value).toFixed(1);
      pen = 'L';
    });
    return d;
  }

  function number(value, unit) {
    return (Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : String(+value.toPrecision(4))) + unit;
  }

  /* Some points of a line whose colour another has, too. */
  function marks(line, x, y, svg) {
    const every = Math.max(1, Math.ceil(line.ys.length / MOST_MARKS));
    line.ys.forEach((value, i) => {
      if (value === null || (i % every !== 0 && i !== line.ys.length - 1)) return;
      const d = `M${x(line.xs[i]).toFixed(1)} ${y(value).toFixed(1)}${MARKS[line.mark]}`;
      element('path', {class: `mark s${line.colour}`, d}, svg);
    });
  }

  function nearest(xs, x) {
    let low = 0, high = xs.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (xs[middle] < x) low = middle; else high = middle;
    }
    return Math.abs(xs[low] - x) <= Math.abs(xs[high] - x) ? low : high;
  }

  /* Draws one chart into its element, in the width that this has. */
  function draw(host, kind, runs) {
    host.replaceChildren();
    host.className = 'chart';
    html('h3', '', kind.title, host);
    if (kind.layers && runs.length > 1) {
      html('p', 'pale', 'Of one run at a time: leave one chosen.', host);
      return;
    }
    const lines = kind.layers ? runs.flatMap(layers) : series(kind, runs);
    if (lines.length === 0) {
      html('p', 'pale', 'Nothing recorded.', host);
      return;
    }
    const width = Math.max(240, host.clientWidth - 24);
    const svg = element('svg', {viewBox: `0 0 ${width} ${HEIGHT}`, height: HEIGHT, role: 'img',
      'aria-label': kind.title + ' by epoch'}, host);
    const inner = {width: width - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM};
    const last = Math.max(...lines.map((l) => l.xs[l.xs.length - 1]));
    const most = last > 0 ? last : 1;
    const x = (value) => LEFT + inner.width * value / most;
    const values = lines.flatMap((l) => l.ys).filter((v) => v !== null);
    const up = scale(values, kind, inner.height);
    const y = (value) => TOP + up.at(value);
    for (const [value, text] of up.marks) {
      element('line', {class: 'grid', x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value)}, svg);
      element('text', {x: LEFT - 8, y: y(value) + 4, 'text-anchor': 'end'}, svg).textContent = text + (kind.marked ? kind.unit : '');
    }
    for (const [value, text] of ticks(0, most, Math.min(8, width / 60))) {
      element('text', {x: x(value), y: HEIGHT - BOTTOM + 16, 'text-anchor': 'middle'}, svg).textContent = text;
    }
    element('line', {class: 'axis', x1: LEFT, x2: width - RIGHT, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM}, svg);
    element('text', {x: LEFT + inner.width / 2, y: HEIGHT - 3, 'text-anchor': 'middle'}, svg).textContent = 'epoch';
    for (const line of lines) {
      const colour = 's' + line.colour;
      element('path', {class: `curve ${line.look} ${colour}`, d: path(line, x, y)}, svg);
      if (line.mark) {
        marks(line, x, y, svg);
      } else if (line.look !== 'thin' && line.xs.length <= MOST_DOTS) {
        line.ys.forEach((value, i) => value === null ||
          element('circle', {class: colour, cx: x(line.xs[i]), cy: y(value), r: 1.8, 'stroke-width': 1.5}, svg));
      }
    }
    legend(host, lines);
    hover(host, svg, lines, kind, x, width, most);
  }

  function legend(host, lines) {
    const labels = new Map(lines.map((line) => [line.label, line]));
    if (labels.size < 2) return;
    const box = html('div', 'legend', '', host);
    const one = new Set(lines.map((line) => line.run)).size === 1;
    for (const [label, line] of labels) {
      const entry = html('span', '', '', box);
      const swatch = element('svg', {viewBox: '0 0 26 10', 'aria-hidden': true}, entry);
      element('path', {class: `curve ${line.look} s${one ? line.colour : 7}`, d: 'M0 5L26 5'}, swatch);
      entry.append(label);
    }
  }

  function hover(host, svg, lines, kind, x, width, most) {
    const cross = element('line', {class: 'cross', y1: TOP, y2: HEIGHT - BOTTOM, visibility: 'hidden'}, svg);
    const tip = html('div', 'tip', '', host);
    tip.hidden = true;
    const many = new Set(lines.map((line) => line.run)).size > 1;
    const show = (event) => {
      host.pointer = {clientX: event.clientX};
      const box = svg.getBoundingClientRect();
      const at = most * ((event.clientX - box.left) * width / box.width - LEFT) / (width - LEFT - RIGHT);
      const exact = lines.filter((line) => line.look !== 'thin');
      const value = (exact.length ? exact : lines).map((line) => line.xs[nearest(line.xs, at)])
        .reduce((best, x) => Math.abs(x - at) < Math.abs(best - at) ? x : best);
      cross.setAttribute('x1', x(value));
      cross.setAttribute('x2', x(value));
      cross.setAttribute('visibility', 'visible');
      tip.replaceChildren();
      html('div', 'pale', 'epoch ' + +value.toFixed(2), tip);
      const shown = many ? lines.filter((line) => line.look !== 'thin') : lines;
      for (const line of shown.length ? shown : lines) {
        if (tip.childElementCount > (kind.layers ? MOST_LAYER_TIPS : MOST_TIPS)) break;
        const i = nearest(line.xs, value);
        const y = line.ys[i];
        if (y === null || Math.abs(line.xs[i] - value) > .5) continue;
        const row = html('div', '', '', tip);
        html('span', `swatch f${line.colour} m${line.mark || 0}`, '', row);
        html('span', '', (many ? line.run.name + ' ' : '') + line.label, row);
        html('b', '', number(y, kind.unit), row);
      }
      tip.hidden = false;
      const left = event.clientX - host.getBoundingClientRect().left;
      tip.style.left = left > host.clientWidth / 2 ? '' : left + 16 + 'px';
      tip.style.right = left > host.clientWidth / 2 ? host.clientWidth - left + 16 + 'px' : '';
    };
    const hide = () => {
      host.pointer = null;
      cross.setAttribute('visibility', 'hidden');
      tip.hidden = true;
    };
    svg.addEventListener('pointermove', show);
    svg.addEventListener('pointerdown', show);
    svg.addEventListener('pointerleave', hide);
    if (host.pointer) show(host.pointer); // drawn anew below it
  }

  /* Puts the charts into an element and returns how to draw them, now and for other runs. */
  function into(host) {
    const parts = KINDS.map((kind) => [html('div', 'chart', '', host), kind]);
    let shown = [], width = 0;
    const all = () => parts.forEach(([part, kind]) => draw(part, kind, shown));
    new ResizeObserver(() => {
      if (host.clientWidth !== width) {
        width = host.clientWidth;
        requestAnimationFrame(all);
      }
    }).observe(host);
    return (runs) => {
      shown = runs;
      all();
    };
  }

  return {into, COLOURS, MARKS: MARKS.length};
})();
