'use strict';
const root = document.documentElement, report = document.getElementById('report');

// Light or dark: the system's until someone says otherwise, and then what was said.
const theme = document.getElementById('theme'), dark = matchMedia('(prefers-color-scheme: dark)');
const remembered = () => { try { return localStorage.getItem('butfor-theme'); } catch { return null; } };
const isDark = () => (root.dataset.theme ?? (dark.matches ? 'dark' : 'light')) === 'dark';
function shine(name) {
  if (name) root.dataset.theme = name;
  theme.textContent = isDark() ? theme.dataset.light : theme.dataset.dark;
}
theme.addEventListener('click', () => {
  shine(isDark() ? 'light' : 'dark');
  try { localStorage.setItem('butfor-theme', root.dataset.theme); } catch { /* a browser may forbid it */ }
});
dark.addEventListener('change', () => shine());
theme.hidden = false;
shine(remembered());

// Folds: all at once, those that a link leads into, and all of them on paper.
const folds = [...report.querySelectorAll('details')], all = document.getElementById('folds');
const openAll = all.textContent;
const label = () => { all.textContent = folds.every(fold => fold.open) ? all.dataset.close : openAll; };
all.hidden = !folds.length;
all.addEventListener('click', () => {
  const open = !folds.every(fold => fold.open);
  for (const fold of folds) fold.open = open;
});
for (const fold of folds) fold.addEventListener('toggle', label);
label();
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let fold = target?.closest('details'); fold; fold = fold.parentElement.closest('details')) fold.open = true;
  if (target) target.scrollIntoView();
}
addEventListener('hashchange', () => { reveal(); mark(); });
if (location.hash) reveal();
let closed = [];
addEventListener('beforeprint', () => {
  closed = folds.filter(fold => !fold.open);
  for (const fold of closed) fold.open = true;
});
addEventListener('afterprint', () => { for (const fold of closed) fold.open = false; });

// The contents: folded on a small screen, with the place that is read marked.
const contents = document.querySelector('nav details'), links = [...document.querySelectorAll('nav a')];
const small = matchMedia('(max-width: 63rem)');
const fit = () => { contents.open = !small.matches; };
small.addEventListener('change', fit);
fit();
for (const link of links) link.addEventListener('click', fit);
const places = links.map(link => document.getElementById(link.hash.slice(1)));
function mark() {
  const shown = places.map((place, at) => [place, at]).filter(([place]) => place.getClientRects().length);
  const isEnd = innerHeight + scrollY >= root.scrollHeight - 4 && scrollY > 0; // where nothing more can come to the top
  const asked = isEnd && shown.find(([place]) => `#${place.id}` === decodeURIComponent(location.hash));
  const passed = shown.filter(([place]) => place.getBoundingClientRect().top < (isEnd ? innerHeight / 2 : 90));
  const [, now] = asked || (passed.at(-1) ?? shown[0] ?? []);
  links.forEach((link, at) => {
    if (at === now) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  });
  const link = links[now], list = document.querySelector('nav');
  if (link && !small.matches) {
    const [box, frame] = [link, list].map(part => part.getBoundingClientRect());
    if (box.top < frame.top || box.bottom > frame.bottom) list.scrollTop += box.top - frame.top - frame.height / 3;
  }
}
let waiting = false;
addEventListener('scroll', () => {
  if (!waiting) requestAnimationFrame(() => { waiting = false; mark(); });
  waiting = true;
}, {passive: true});
mark();

// Tables: a click on a head sorts by its column, first downwards where it holds numbers; what has no key stays last.
const isNumber = key => key !== '' && !Number.isNaN(Number(key));
for (const button of report.querySelectorAll('button.sort')) {
  button.addEventListener('click', () => {
    const head = button.closest('th'), heads = [...head.parentElement.cells], at = heads.indexOf(head);
    const body = head.closest('table').tBodies[0], rows = [...body.rows], key = row => row.cells[at].dataset.key;
    const numbers = rows.map(key).filter(Boolean).every(isNumber);
    const before = head.getAttribute('aria-sort');
    const downwards = before ? before === 'ascending' : numbers;
    const compare = numbers ? (a, b) => a - b : (a, b) => a.localeCompare(b, undefined, {numeric: true});
    rows.sort((one, other) => {
      const [a, b] = [key(one), key(other)];
      return (a === '') - (b === '') || (downwards ? compare(b, a) : compare(a, b)) || 0;
    });
    for (const other of heads) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', downwards ? 'descending' : 'ascending');
    body.append(...rows);
  });
}

// Tables that are wider than their place are set tighter: names of arms go on in another line after an underscore.
const widths = new WeakMap();
const watched = new ResizeObserver(entries => {
  for (const {target: frame} of entries) {
    if (widths.get(frame) === frame.offsetWidth) continue; // only its height has changed, as it does when rows are set tighter
    widths.set(frame, frame.offsetWidth);
    frame.classList.remove('tight');
    frame.classList.toggle('tight', frame.scrollWidth > frame.clientWidth);
  }
});
for (const frame of report.querySelectorAll('.table')) watched.observe(frame);

// Titles of points and lines, shown at once; a browser would let one wait, and none shows them to a finger.
const tip = document.getElementById('tip');
let held = null;
function hide() {
  tip.hidden = true;
  held?.forEach(([shape, title]) => shape.prepend(title));
  held = null;
}
report.addEventListener('pointerover', event => {
  hide();
  const shape = event.target.closest?.('.titled *, .titled'), group = shape?.closest('.titled');
  const of = [shape, group].find(part => part?.querySelector(':scope > title'));
  if (!of) return;
  const title = of.querySelector(':scope > title');
  held = [[of, title]];
  title.remove();
  tip.textContent = title.textContent;
  tip.hidden = false;
  const box = tip.getBoundingClientRect(), left = Math.min(event.clientX + 14, innerWidth - box.width - 8);
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${event.clientY > box.height + 20 ? event.clientY - box.height - 12 : event.clientY + 20}px`;
});
report.addEventListener('pointerout', hide);
addEventListener('scroll', hide, {passive: true});
addEventListener('keydown', event => { if (event.key === 'Escape') hide(); });
