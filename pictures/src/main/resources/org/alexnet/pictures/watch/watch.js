'use strict';
/*
 * Follows runs. Each event names all runs there are, and holds those that have changed as a whole;
 * names and messages only ever become text.
 */
{
  const runs = new Map();
  const hidden = new Set();
  const draw = Charts.into(document.getElementById('charts'));
  const body = document.getElementById('runs');
  const filters = document.getElementById('filters');
  const state = document.getElementById('state');

  const percent = (share) => typeof share === 'number' ? (100 * share).toFixed(2) + ' %' : '-';
  const number = (value) => typeof value === 'number' ? String(+value.toPrecision(4)) : '-';
  const whole = (value) => typeof value === 'number' ? Math.round(value).toLocaleString('en') : '-';

  const ago = (milliseconds) => {
    const s = Math.max(0, Math.round((Date.now() - milliseconds) / 1000));
    if (s < 60) return s + ' s ago';
    if (s < 3600) return Math.round(s / 60) + ' min ago';
    return s < 172800 ? Math.round(s / 3600) + ' h ago' : Math.round(s / 86400) + ' days ago';
  };

  const COLUMNS = [
    ['Model', '', (run) => run.model],
    ['Epoch', 'n', (run) => run.epoch + ' / ' + run.epochs],
    ['Step', 'n', (run) => whole(run.step)],
    ['Loss', 'n', (run) => number(run.last.step_loss ?? run.last.train_loss)],
    ['Error', 'n', (run) => percent(run.last.step_error ?? run.last.train_error)],
    ['Val. loss', 'n', (run) => number(run.last.val_loss)],
    ['Val. error', 'n', (run) => percent(run.last.val_error)],
    ['Best', 'n', (run) => percent(run.last.best_error)],
    ['Rate', 'n', (run) => number(run.last.step_rate ?? run.last.rate)],
    ['Images/s', 'n', (run) => whole(run.last.step_images_per_second ?? run.last.images_per_second)],
    ['Wrote', 'n', (run) => ago(run.changed)],
  ];

  const make = (name, className, text, parent) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    parent.append(made);
    return made;
  };

  const titles = document.getElementById('titles');
  make('th', '', 'Run', titles);
  for (const [title, className] of COLUMNS) make('th', className, title, titles);

  /* Rows stay, so that a box keeps its focus while numbers change. */
  function row(run) {
    if (run.row) return run.row;
    run.row = make('tr', '', '', body);
    const label = make('label', '', '', make('td', '', '', run.row));
    const box = make('input', '', '', label);
    box.type = 'checkbox';
    box.checked = true;
    box.addEventListener('change', () => {
      if (box.checked) hidden.delete(run.id); else hidden.add(run.id);
      run.row.className = box.checked ? '' : 'hidden';
      charts();
    });
    make('span', `swatch f${run.colour} m${run.mark}`, '', label);
    make('span', '', run.name, label).title = run.name;
    return run.row;
  }

  function fill(run) {
    const cells = row(run).cells;
    while (cells.length > 1) run.row.deleteCell(1);
    if (run.problem) {
      const cell = make('td', 'problem bad', run.problem, run.row);
      cell.colSpan = COLUMNS.length;
      return;
    }
    for (const [, className, value] of COLUMNS) make('td', className, value(run), run.row);
  }

  function picture(run) {
    if (run.filters === undefined || run.problem) return;
    if (!run.figure) {
      run.figure = make('figure', '', '', filters);
      run.image = make('img', '', '', run.figure);
      run.caption = make('figcaption', '', '', run.figure);
      run.image.addEventListener('error', () => {
        run.image.hidden = true;
        run.caption.textContent = run.name + ': the filters after epoch ' + run.drawn + ' cannot be read';
      });
    }
    if (run.drawn !== run.filters) {
      run.drawn = run.filters;
      run.image.hidden = false;
      run.image.src = 'filters/' + run.id + '.png?' + run.filters;
      run.image.alt = 'Filters of ' + run.name;
      run.caption.textContent = run.name + ', after epoch ' + run.filters;
    }
  }

  function charts() {
    draw([...runs.values()].filter((run) => !run.problem && !hidden.has(run.id)));
  }

  function take(news) {
    const all = new Set(news.all);
    document.getElementById('none').hidden = all.size > 0;
    for (const [id, run] of runs) {
      if (!all.has(id)) {
        run.row?.remove();
        run.figure?.remove();
        runs.delete(id);
      }
    }
    for (const changed of news.changed) {
      const run = runs.get(changed.id) || {
        colour: (changed.id - 1) % Charts.COLOURS,
        mark: Math.floor((changed.id - 1) / Charts.COLOURS) % Charts.MARKS,
      };
      delete run.problem;
      runs.set(changed.id, Object.assign(run, changed));
      fill(run);
      picture(run);
    }
    charts();
  }

  function say(text, className) {
    state.textContent = text;
    state.className = className;
  }

  const events = new EventSource('events');
  let server = '';
  events.onopen = () => say('live', 'live');
  events.onerror = () => say('not connected; trying again', 'lost');
  events.onmessage = (event) => {
    const from = event.lastEventId.slice(0, event.lastEventId.lastIndexOf('-'));
    if (server && server !== from) location.reload(); // its numbers of runs are others
    server = from;
    take(JSON.parse(event.data));
  };
  setInterval(() => {
    for (const run of runs.values()) {
      if (!run.problem) run.row.cells[COLUMNS.length].textContent = ago(run.changed);
    }
  }, 1000);
}
