// SPDX-License-Identifier: Apache-2.0
// read_jsonstat.js: JSON-stat, read back by jsonstat-toolkit and held against the CSV.
//
//      read_jsonstat.js FOLDER
'use strict';

const fs = require('fs');
const path = require('path');
const JSONstat = require('jsonstat-toolkit');

const marks = { Q: '..', O: ':', M: '.' };

function expect(is, what) {
  if (!is) {
    console.error(`read_jsonstat.js: not so: ${what}`);
    process.exit(1);
  }
}

// Fields may be quoted, and a quoted one may hold commas and doubled quotes.
function fields(line) {
  return [...line.matchAll(/(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g)]
    .slice(0, -1)
    .map((m) => (m[1] !== undefined ? m[1].replace(/""/g, '"') : m[2]));
}

const folder = process.argv[2];

function sheet(name) {
  const lines = fs.readFileSync(path.join(folder, name), 'utf8').trim().split('\r\n');
  const head = fields(lines[0] + ',');
  return lines.slice(1).map((line) =>
    Object.fromEntries(fields(line + ',').map((field, i) => [head[i], field])));
}

const rows = sheet('sample.csv');

const raw = JSON.parse(fs.readFileSync(path.join(folder, 'sample.jsonstat'), 'utf8'));
const table = JSONstat(raw);

expect(table.class === 'dataset' && table.length === 3, 'a data set of three dimensions');
expect(table.role.metric[0] === 'measure' && table.role.geo[0] === 'kommun', 'roles');
expect(table.updated.startsWith('2026-11-21T22:08:55'), 'the vintage\'s time');
expect(table.note.some((line) => line.includes('protected')), 'the legend');
expect(table.extension.policy_digest.startsWith('abab'), 'the policy\'s digest');
expect(table.Dimension('kommun').Category('1480').label === '=1+1; Göteborg', 'labels');
expect(table.n === 2 * rows.length, 'a value for every cell and measure');
expect(Object.keys(table.extension.held).length === 2, 'what is not revised');
for (const row of rows) {
  for (const measure of ['persons', 'mean:dygnskostnad']) {
    const cell = table.Data({ kommun: row.kommun, kon: row.kon, measure });
    const where = `${row.kommun} ${row.kon} ${measure}`;
    if (row[`${measure}.status`] === 'A') {
      expect(cell.value === Number(row[measure]), where);
    } else {
      expect(cell.value === null && cell.status === marks[row[`${measure}.status`]], where);
    }
  }
}

// An indicator: years have no total, and verdicts are numbers.
const figures = sheet('indicator.csv');
const compared = JSONstat(JSON.parse(
  fs.readFileSync(path.join(folder, 'indicator.jsonstat'), 'utf8')));
const lanes = { value: 'status', 'value.low': 'status', 'value.high': 'status',
  lan: 'lan.status', riket: 'riket.status', change: 'change.status' };

expect(compared.n === 8 * figures.length, 'a value for every figure');
expect(compared.Dimension('period').length === 2, 'years, and no total of them');
expect(compared.note.some((line) => line.includes('1 better')), 'what verdicts are');
for (const row of figures) {
  for (const [measure, status] of Object.entries(lanes)) {
    const cell = compared.Data({ kommun: row.kommun, period: row.period, measure });
    const where = `indicator: ${row.kommun} ${row.period} ${measure}`;
    if (row[measure] !== '') {
      expect(cell.value === Number(row[measure]), where);
    } else {
      expect(cell.value === null && cell.status === marks[row[status]], where);
    }
  }
  const verdict = compared.Data({ kommun: row.kommun, period: row.period,
    measure: 'against_target' });
  const number = { better: 1, unclear: 0, worse: -1 }[row.against_target];
  expect(verdict.value === (number === undefined ? null : number), 'a verdict');
}
console.log('read_jsonstat.js: jsonstat-toolkit found the same table');
