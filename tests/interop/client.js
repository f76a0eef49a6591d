#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// client.js: a client in JavaScript that knows the gateway by its .proto files alone.
//
//     client.js PROTOS GRPC_PROTOS
//
// Delivers through mutual TLS as a municipality, publishes as an operator, asks as a
// statistician, and counts for itself what the answer must be. Run by with_gateway,
// which says where.
'use strict';

const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const reflection = require('grpc-js-reflection-client');

const [protos, grpcProtos] = process.argv.slice(2);
const ROWS = 40;

function expect(condition, what) {
  if (!condition) {
    console.error(`client.js: ${what}`);
    process.exit(1);
  }
  console.log(`  ${what}`);
}

const load = (files, folders) => loader.loadSync(files, {
  includeDirs: folders, keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true });
const definitions = load(
  ['submission', 'statistics', 'operations'].map((name) => `statgate/v1/${name}.proto`), [protos]);
const { v1 } = grpc.loadPackageDefinition(definitions).statgate;
const health = grpc.loadPackageDefinition(load(['grpc/health/v1/health.proto'], [grpcProtos])).grpc.health.v1;
const sodium = require('libsodium-wrappers');
const protobuf = require('protobufjs');
const root = new protobuf.Root();
root.resolvePath = (origin, target) =>
  target.startsWith('google/protobuf/') || target.startsWith('statgate/')
    ? path.join(protos, target) : target;
const releases = root.loadSync(path.join(protos, 'statgate/v1/statistics.proto'), { keepCase: true });
const google = protobuf.loadSync(path.join(__dirname, 'google_rpc.proto'));

function credentials(who) {
  const file = (name) => fs.readFileSync(process.env[name]);
  return grpc.credentials.createSsl(
    file('STATGATE_CA'), file(`STATGATE_KEY_${who}`), file(`STATGATE_CERT_${who}`));
}
const open = [];
function client(Service, who) {
  const made = new Service(process.env.STATGATE_ADDRESS, credentials(who),
    { 'grpc.ssl_target_name_override': 'localhost', 'grpc.default_authority': 'localhost' });
  open.push(made);
  return made;
}

// A unary call: [answer, error].
const ask = (stub, method, request) =>
  new Promise((resolve) => stub[method](request, (error, answer) => resolve([answer, error])));

const day = (date) => Math.floor(date.getTime() / 86400000);

function personnummer(born, number) {
  const digits = born.toISOString().slice(0, 10).replace(/-/g, '') + String(number).padStart(3, '0');
  let sum = 0;
  for (let i = 2; i < 11; i++) {
    const product = Number(digits[i]) * (i % 2 === 0 ? 2 : 1);
    sum += Math.floor(product / 10) + (product % 10);
  }
  return digits + String((10 - (sum % 10)) % 10);
}

// 30 children in foster homes, 4 in emergency homes, the rest in residential care.
function child(i) {
  const born = new Date(Date.UTC(2011, 5, 1 + 23 * i));
  return {
    id: personnummer(born, 510 + i),
    sex: i % 2 ? 'kvinna' : 'man',
    form: i < 30 ? 'familjehem' : i < 34 ? 'jourhem' : 'hvb',
    born: new Date(Date.UTC(born.getUTCFullYear(), born.getUTCMonth(), 1)),
  };
}

function codes(variable, values) {
  const dictionary = [...new Set(values)];
  return { variable, codes: { dictionary, index: Buffer.from(values.map((v) => dictionary.indexOf(v))) } };
}

function batch(sequence, first, last, spoil) {
  const rows = [];
  for (let i = first; i < last; i++) rows.push(child(i));
  const ids = rows.map((row) => row.id);
  if (spoil !== undefined) ids[spoil] = ids[spoil].slice(0, 11) + ((Number(ids[spoil][11]) + 1) % 10);
  return {
    sequence,
    rows: rows.length,
    clear: { ids: Buffer.from(ids.join('')), kinds: Buffer.alloc(rows.length, 1) },
    record_keys: Buffer.from(rows.map((_, i) => `JS${String(first + i).padStart(5, '0')}`).join('')),
    columns: [
      codes('kon', rows.map((row) => row.sex)),
      codes('form', rows.map((row) => row.form)),
      codes('lagrum', rows.map(() => 'sol')),
      { variable: 'fodelsemanad', integers32: { values: rows.map((row) => day(row.born)) } },
      { variable: 'start', integers32: { values: rows.map((_, i) => day(new Date(Date.UTC(2025, i % 12, 15)))) } },
    ],
  };
}

// The batch with its persons sealed, by the example that municipalities' vendors are given.
async function inBoxes(submission, made) {
  const seal = require('../../tools/examples/seal.js')(sodium);
  const [answer] = await ask(client(v1.Submission, 'STOCKHOLM'), 'GetKeeperKeys', {});
  const pinned = seal.readPinned(process.env.STATGATE_KEEPER_PUB);
  for (const strangers of [[], [Buffer.alloc(32)]]) {
    let chosen = true;
    try { seal.choose(answer, strangers); } catch (_) { chosen = false; }
    expect(!chosen, 'a key that nobody vouches for is not chosen');
  }
  const { clear, ...rest } = made;
  const sealed = seal.batch(seal.choose(answer, pinned),
    seal.readKey(process.env.STATGATE_SUBMISSION_KEY_STOCKHOLM),
    { municipality: '0180', dataset: 'placering', submission, sequence: made.sequence, ...clear });
  return { ...rest, sealed };
}

async function eraseOne() {
  const seal = require('../../tools/examples/seal.js')(sodium);
  const stub = client(v1.Submission, 'STOCKHOLM');
  const [answer] = await ask(stub, 'GetKeeperKeys', {});
  const request = seal.erasure(seal.choose(answer, seal.readPinned(process.env.STATGATE_KEEPER_PUB)),
    seal.readKey(process.env.STATGATE_SUBMISSION_KEY_STOCKHOLM), '0180', Buffer.from(child(0).id));
  const [, error] = await ask(stub, 'ErasePerson', request);
  expect(!error, 'a person is erased');
}

// A Submit stream in step with its answers.
class Talk {
  constructor(who) {
    this.heard = [];
    this.waiting = [];
    this.call = client(v1.Submission, who).Submit();
    this.call.on('data', (answer) => this.push({ answer }));
    this.call.on('error', (error) => this.push({ error }));
    this.call.on('end', () => this.push({ end: true }));
  }

  push(event) {
    if (this.waiting.length) this.waiting.shift()(event);
    else this.heard.push(event);
  }

  next() {
    return this.heard.length ? Promise.resolve(this.heard.shift()) : new Promise((r) => this.waiting.push(r));
  }

  say(request) {
    this.call.write(request);
    return this.next();
  }

  end() {
    this.call.end();
    return this.next();
  }
}

async function checkHealth() {
  const [answer] = await ask(client(health.Health, 'STATISTICIAN'), 'Check', {});
  expect(answer.status === 'SERVING', 'the gateway says it serves');
}

async function checkReflection() {
  const asker = new reflection.GrpcReflection(process.env.STATGATE_ADDRESS, credentials('STATISTICIAN'));
  const names = await asker.listServices();
  expect(['Submission', 'Statistics', 'Operations'].every((name) => names.includes(`statgate.v1.${name}`)),
    'reflection lists the services');
  const methods = await asker.listMethods('statgate.v1.Submission');
  expect(methods.some((method) => method.name === 'ErasePerson'), 'and their methods');
}

async function deliver() {
  const submission = crypto.randomBytes(16);
  const hello = {
    open: { submission_id: submission, dataset: 'placering', period: '2025', mode: 'DELIVERY_MODE_APPEND' } };
  const half = ROWS / 2;
  const talk = new Talk('STOCKHOLM');
  const receipts = [];

  let { answer } = await talk.say(hello);
  expect(answer.response === 'opened' && answer.opened.next_sequence === 0, 'opened');
  ({ answer } = await talk.say({ batch: await inBoxes(submission, batch(0, 0, half)) }));
  expect(answer.acknowledged.accepted === half && answer.acknowledged.rejected === 0, 'first batch taken');
  receipts.push(answer.acknowledged.receipt);
  ({ answer } = await talk.say({ batch: await inBoxes(submission, batch(1, half, ROWS, half - 1)) }));
  const [why] = answer.acknowledged.rejections;
  expect(answer.acknowledged.rejected === 1 && why.row === half - 1 && why.variable === 'person' &&
    why.rule === 'CHECK_DIGIT', 'a rejection names row, variable and rule');
  receipts.push(answer.acknowledged.receipt);
  const digest = crypto.createHash('sha256').update(Buffer.concat(receipts)).digest();
  ({ answer } = await talk.say({ commit: { batches: 2, rows: ROWS, digest } }));
  const { committed } = answer;
  expect(committed.accepted === ROWS - 1 && committed.rejected === 1, 'committed');
  expect((await talk.end()).end, 'the stream ends well');

  const stub = client(v1.Submission, 'STOCKHOLM');
  const [state] = await ask(stub, 'GetSubmission', { submission_id: submission });
  expect(state.state === 'SUBMISSION_STATE_COMMITTED' && state.accepted === ROWS - 1, 'GetSubmission agrees');
  const again = new Talk('STOCKHOLM');
  ({ answer } = await again.say(hello));
  expect(answer.opened.committed.digest.equals(committed.digest), 'the same Open repeats the receipt');
  await again.end();
  return submission;
}

async function publish() {
  const stub = client(v1.Operations, 'OPERATOR');
  const last = await new Promise((resolve, reject) => {
    let progress;
    stub.PublishVintage({ note: 'from Node' })
      .on('data', (at) => { progress = at; })
      .on('error', reject)
      .on('end', () => resolve(progress));
  });
  expect(last.done && last.vintage.number === 1, 'vintage 1 is published');
  const [status] = await ask(stub, 'GetStatus', {});
  expect(status.keeper_alive && status.records_committed === ROWS - 1, 'the status counts records');
}

async function checkRelease() {
  const [answer, error] = await ask(client(v1.Statistics, 'STATISTICIAN'), 'Query', {
    dataset: 'placering', purpose: 'officiell_statistik',
    dimensions: [{ variable: 'form' }, { variable: 'kon' }] });
  expect(!error, 'a question is answered');
  expect(crypto.createHash('sha256').update(answer.release).digest().equals(answer.release_digest),
    'the digest is the release\'s');
  const { table } = releases.lookupType('statgate.v1.Release').decode(answer.release);
  const [forms, sexes] = table.dimensions.map((d) => [...d.categories.map((c) => c.code), null]);
  const values = table.measures[0].values.map(Number);
  expect(table.statuses.length === forms.length * sexes.length, 'every cell has a status');
  let shown = 0;
  let hidden = 0;
  table.statuses.forEach((status, cell) => {
    const form = forms[Math.floor(cell / sexes.length)];
    const sex = sexes[cell % sexes.length];
    let count = 0;
    for (let i = 0; i < ROWS - 1; i++) {
      const c = child(i);
      count += (form === null || c.form === form) && (sex === null || c.sex === sex) ? 1 : 0;
    }
    const small = count > 0 && count < 5;
    hidden += small ? 1 : 0;
    if (status !== (small ? 2 : 1) || (!small && values[shown++] !== count)) {
      console.error(`client.js: ${form} ${sex}: status ${status}, ${count} persons`);
      process.exit(1);
    }
  });
  expect(shown === values.length && hidden > 0, 'values stand for the shown cells alone');
}

async function refused(what, code, promise, field) {
  const [, error] = await promise;
  expect(error && error.code === code, `${what}: status ${code}`);
  if (!field) return;
  const status = google.lookupType('google.rpc.Status').decode(error.metadata.get('grpc-status-details-bin')[0]);
  expect(status.code === code && status.message === error.details, 'google.rpc.Status agrees');
  expect(status.details[0].type_url === 'type.googleapis.com/google.rpc.BadRequest', 'its detail is a BadRequest');
  const bad = google.lookupType('google.rpc.BadRequest').decode(status.details[0].value);
  expect(bad.fieldViolations.some((v) => v.field === field), `which blames ${field}`);
}

async function checkRefusals(submission) {
  const { status } = grpc;
  await refused('a variable nobody knows', status.INVALID_ARGUMENT,
    ask(client(v1.Statistics, 'STATISTICIAN'), 'Query', {
      dataset: 'placering', purpose: 'officiell_statistik', dimensions: [{ variable: 'skostorlek' }] }),
    'dimensions[0].variable');
  await refused('a window that ends before it begins', status.INVALID_ARGUMENT,
    ask(client(v1.Statistics, 'STATISTICIAN'), 'Query', {
      dataset: 'placering', purpose: 'officiell_statistik', period: '2025', unit: 'UNIT_PERSON',
      derived: [{ name: 'ater', kind: 'DERIVED_KIND_EXISTS', dataset: 'placering', in: 'IN_MUNICIPALITY_OTHER',
        window: { kind: 'WINDOW_KIND_RELATIVE', anchor: 'start', from: 1, until: -365 } }] }),
    'derived[0].window');
  await refused('somebody else\'s delivery', status.NOT_FOUND,
    ask(client(v1.Submission, 'UPPLANDS_VASBY'), 'GetSubmission', { submission_id: submission }));
  await refused('a municipality\'s question', status.PERMISSION_DENIED,
    ask(client(v1.Statistics, 'STOCKHOLM'), 'Query', { dataset: 'placering' }));
  const bare = new Talk('STOCKHOLM');
  await bare.say({ open: { submission_id: crypto.randomBytes(16), dataset: 'placering', period: '2025',
    mode: 'DELIVERY_MODE_APPEND' } });
  const { error: clear } = await bare.say({ batch: batch(0, 0, 5) });
  expect(clear && clear.code === status.FAILED_PRECONDITION, 'numbers in clear are refused');
  const talk = new Talk('UPPLANDS_VASBY');
  const { error } = await talk.say({
    open: { submission_id: submission, dataset: 'placering', period: '2025', mode: 'DELIVERY_MODE_APPEND' } });
  expect(error && error.code === status.ALREADY_EXISTS, 'an id is one municipality\'s for ever');
}

async function main() {
  await sodium.ready;
  await checkHealth();
  await checkReflection();
  const submission = await deliver();
  await publish();
  await checkRelease();
  await checkRefusals(submission);
  await eraseOne();
  open.forEach((stub) => stub.close());
  console.log('client.js: all is as the .proto files say');
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
