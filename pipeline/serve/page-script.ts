/**
 * The program of the page, as text: its hash stands in the Content-Security-Policy, and a bundle needs no file beside it.
 * It writes text only as text, never as markup.
 */
export const TRY_SCRIPT = `'use strict';
(() => {
  const contract = JSON.parse(document.getElementById('contract').textContent);
  const form = document.getElementById('form');
  const problems = document.getElementById('problems');
  const result = document.getElementById('result');
  const bar = document.getElementById('bar');
  const button = form.querySelector('button.main');
  const fields = contract.features.map((feature, at) => ({ feature, input: document.getElementById('f' + at) }));
  /** The first prediction, the last one, and the changes between them, newest first. */
  let first = null, last = null, moves = [], asked = 0;

  const SVG = 'http://www.w3.org/2000/svg';
  const make = (name, attributes, text, namespace) => {
    const element = namespace ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const svg = (name, attributes, text) => make(name, attributes, text, true);

  const valueOf = ({ feature, input }) => {
    if (input.value === '') return null;
    if (feature.type === 'number') return Number(input.value);
    return feature.type === 'boolean' ? input.value === 'true' : input.value;
  };
  const shownValue = (value) => (value === null ? 'not known' : String(value));
  const read = () => Object.fromEntries(fields.map((field) => [field.feature.name, valueOf(field)]));

  const short = (value) => value.toLocaleString('en', { maximumSignificantDigits: 3 });
  const number = (value) => value.toLocaleString('en', { maximumSignificantDigits: 5 });
  const percent = (value) => (100 * value).toLocaleString('en', { maximumFractionDigits: 1, minimumFractionDigits: 1 }) + ' %';
  const isShare = contract.problem !== 'regression';
  const scoreText = (score) => (isShare ? percent(score) : number(score));
  const signed = (value, text) => (value < 0 ? '−' : '+') + text(Math.abs(value));
  const difference = (value) => signed(value, (size) =>
    isShare ? (100 * size).toLocaleString('en', { maximumFractionDigits: 1, minimumFractionDigits: 1 }) + ' points' : number(size));

  async function ask(record) {
    const response = await fetch('predict', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ records: [record] }),
    });
    const answer = await response.json();
    if (!response.ok) throw answer.errors;
    return answer.predictions[0];
  }

  function show(errors) {
    problems.replaceChildren();
    for (const { feature, input } of fields) {
      const own = errors.filter((error) => error.column === feature.name);
      input.setAttribute('aria-invalid', String(own.length > 0));
      for (const error of own) problems.append(make('li', {}, feature.name + ': ' + error.message));
    }
    for (const error of errors)
      if (!fields.some(({ feature }) => feature.name === error.column)) problems.append(make('li', {}, error.message));
  }

  async function predict(isFirst) {
    const turn = ++asked;
    // A browser hides text that is no number: it would be sent as a value that is not known.
    const unreadable = fields.filter(({ input }) => input.validity.badInput);
    if (unreadable.length > 0) return show(unreadable.map(({ feature }) => ({ column: feature.name, message: 'expected a number, or nothing where it is not known' })));
    const record = read();
    button.disabled = true;
    try {
      const answer = await ask(record);
      if (turn !== asked) return;
      show([]);
      if (isFirst || first === null) [first, moves] = [{ record, answer }, []];
      else remember({ record, answer });
      last = { record, answer };
      draw();
    } catch (errors) {
      if (turn === asked) show(Array.isArray(errors) ? errors : [{ column: null, message: 'The service did not answer: ' + errors.message }]);
    } finally {
      if (turn === asked) button.disabled = false;
    }
  }

  /** One entry for each field that was changed since the answer before. */
  function remember(now) {
    const changed = fields.map(({ feature }) => feature.name).filter((name) => last.record[name] !== now.record[name]);
    if (changed.length === 0) return;
    moves.unshift({
      what: changed.map((name) => name + ': ' + shownValue(last.record[name]) + ' → ' + shownValue(now.record[name])).join(', '),
      from: last.answer,
      to: now.answer,
    });
  }

  function draw() {
    const { answer } = last;
    const parts = [make('p', { class: 'asked' }, contract.question)];
    parts.push(make('p', { class: 'word' }, answer.decision === null ? number(answer.score) : answer.decision));
    if (answer.decision !== null && answer.score !== null) parts.push(make('p', { class: 'score' }, scoreLine(answer)));
    if (contract.problem === 'binary' && answer.score !== null) parts.push(gauge(answer.score));
    if (answer.scores) parts.push(make('h3', {}, 'Probability of each class'), bars(
      Object.entries(answer.scores).map(([name, value]) => ({ name, value })), percent, first.answer.scores, 'Probability of each class'));
    if (answer.contributions.length > 0) {
      parts.push(make('h3', {}, 'What contributed most'));
      const before = moves.length === 0 ? null : Object.fromEntries(first.answer.contributions.map(({ name, value }) => [name, value]));
      parts.push(bars(answer.contributions, (value) => signed(value, short), before, 'What contributed most'));
      parts.push(make('p', { class: 'why' }, "In the model's own unit; to the right raises the score." + (before ? ' A mark shows the value before your changes.' : '')));
    }
    if (answer.unseen) parts.push(make('p', { class: 'why' }, 'Training knew no such value of ' + answer.unseen.join(', ') + '.'));
    parts.push(make('h3', {}, 'What moved it'));
    parts.push(moves.length === 0 ? make('p', { class: 'why' }, 'Change a field: what it does to the prediction shows here.') : moved());
    result.replaceChildren(...parts);
    drawBar();
  }

  /** What a narrow page shows of the prediction while its fields are in sight. */
  function drawBar() {
    const { answer } = last;
    const parts = [make('b', {}, answer.decision === null ? number(answer.score) : answer.decision)];
    if (answer.decision !== null && answer.score !== null) parts.push(make('span', {}, scoreText(answer.score)));
    if (moves.length > 0) parts.push(make('span', {}, moveText(moves[0])));
    bar.replaceChildren(...parts);
    bar.hidden = false;
  }

  const moveText = ({ from, to }) => to.score === null || from.score === null
    ? (from.decision === to.decision ? 'no change' : 'turned')
    : difference(to.score - from.score);

  const scoreLine = (answer) => contract.problem === 'binary'
    ? percent(answer.score) + ' probability of ' + contract.labels[1]
    : percent(answer.score) + ' probability';

  function moved() {
    const list = make('ol', { class: 'moves' });
    for (const { what, from, to } of moves) {
      const item = make('li');
      const turned = from.decision !== to.decision;
      item.append(make('span', {}, what));
      item.append(make('b', {}, moveText({ from, to })));
      const path = to.score === null ? [from.decision, to.decision] : [scoreText(from.score), scoreText(to.score)];
      item.append(make('small', {}, path.join(' → ') + (turned ? ', decision ' + from.decision + ' → ' + to.decision : '')));
      list.append(item);
    }
    return list;
  }

  function gauge(score) {
    const x = (value) => 6 + 388 * value;
    const label = 'Score ' + percent(score) + '; decided as ' + contract.labels[1] + ' from ' + percent(contract.threshold);
    const picture = svg('svg', { viewBox: '0 0 400 40', role: 'img', 'aria-label': label });
    picture.append(
      svg('line', { class: 'track', x1: x(0), x2: x(1), y1: 12, y2: 12 }),
      svg('line', { class: 'share', x1: x(0), x2: x(score), y1: 12, y2: 12 }),
      svg('line', { class: 'mark', x1: x(contract.threshold), x2: x(contract.threshold), y1: 2, y2: 22 }),
    );
    if (moves.length > 0) picture.append(svg('circle', { class: 'before', cx: x(first.answer.score), cy: 12, r: 4 }));
    const anchor = contract.threshold > 0.7 ? 'end' : contract.threshold < 0.3 ? 'start' : 'middle';
    picture.append(svg('text', { x: x(contract.threshold), y: 36, 'text-anchor': anchor }, contract.labels[1] + ' from ' + percent(contract.threshold)));
    const holder = make('div', { class: 'gauge' });
    holder.append(picture);
    return holder;
  }

  function bars(items, text, before, title) {
    const most = Math.max(...items.map(({ value }) => Math.abs(value)), ...Object.values(before || {}).map(Math.abs)) || 1;
    const least = Math.min(0, ...items.map(({ value }) => value), ...Object.values(before || {}));
    const row = 40, width = 400, room = 62;
    const [left, right] = least < 0 ? [room, width - room] : [0, width - room];
    const zero = least < 0 ? (left + right) / 2 : left;
    const unit = (least < 0 ? (right - left) / 2 : right - left) / most;
    const label = title + ': ' + items.map(({ name, value }) => name + ' ' + text(value)).join(', ');
    const picture = svg('svg', { viewBox: '0 0 ' + width + ' ' + items.length * row, role: 'img', 'aria-label': label });
    items.forEach(({ name, value }, at) => {
      const y = at * row;
      const size = Math.max(1, Math.abs(value) * unit);
      const start = value < 0 ? zero - size : zero;
      picture.append(svg('text', { class: 'name', x: 0, y: y + 12 }, name.length > 44 ? name.slice(0, 43) + '…' : name));
      picture.append(svg('rect', { class: value < 0 ? 'down' : 'up', x: start, y: y + 18, width: size, height: 12, rx: 2 }));
      picture.append(svg('text', { class: 'size', x: value < 0 ? start - 6 : start + size + 6, y: y + 28, 'text-anchor': value < 0 ? 'end' : 'start' }, text(value)));
      const then = before && before[name];
      if (typeof then === 'number' && then !== value)
        picture.append(svg('line', { class: 'before', x1: zero + then * unit, x2: zero + then * unit, y1: y + 15, y2: y + 33 }));
    });
    picture.append(svg('line', { class: 'axis', x1: zero, x2: zero, y1: 14, y2: items.length * row - 4 }));
    const holder = make('div', { class: 'bars' });
    holder.append(picture);
    return holder;
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    for (const { input } of fields) input.parentElement.classList.remove('moved');
    void predict(true).then(() => {
      if (last && matchMedia('(max-width: 860px)').matches) result.scrollIntoView({ block: 'start', behavior: 'smooth' });
    });
  });
  form.addEventListener('reset', () => {
    [first, last, moves] = [null, null, []];
    asked += 1;
    button.disabled = false;
    show([]);
    for (const { input } of fields) input.parentElement.classList.remove('moved');
    bar.hidden = true;
    result.replaceChildren(make('p', { class: 'why' }, 'Press Predict.'));
  });
  form.addEventListener('change', () => {
    if (first === null) return;
    for (const field of fields)
      field.input.parentElement.classList.toggle('moved', valueOf(field) !== first.record[field.feature.name]);
    void predict(false);
  });
})();
`;
