#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// seal.js: how a case system seals personal numbers to the key keeper, in JavaScript.
//
// Needs a libsodium, which is handed in once it is ready (npm: libsodium-wrappers):
//
//     const sodium = require('libsodium-wrappers');
//     await sodium.ready;
//     const seal = require('./seal.js')(sodium);
//
//     const pinned = seal.readPinned('client/keeper.pub');      // handed over, not fetched
//     const key = seal.choose(keeperKeys, pinned);              // refuses what nobody vouches for
//     batch.sealed = seal.batch(key, seal.readKey('client/0180.submission.key'),
//       { municipality: '0180', dataset: 'placering', submission, sequence, ids, kinds });
'use strict';

const crypto = require('crypto');
const fs = require('fs');

const EARLY_MS = 24 * 3600 * 1000;

const sha256 = (...pieces) => pieces.reduce((h, p) => h.update(p), crypto.createHash('sha256')).digest();
const keyId = (publicKey) => sha256(publicKey).toString('hex').slice(0, 16);

function u32(value) {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}

function i64(value) {
  const out = Buffer.alloc(8);
  out.writeBigInt64LE(BigInt(value));
  return out;
}

// What a box is bound to. Both sides compute it; it is never sent.
function head(use, publicKey, where) {
  const pieces = [Buffer.from(use), Buffer.from(keyId(publicKey)), Buffer.from(where.municipality),
    Buffer.from(where.dataset), where.submission, u32(where.sequence), u32(where.rows)];
  return sha256(...pieces.flatMap((piece) => [u32(piece.length), piece]));
}

module.exports = (sodium) => {
  const verify = (signature, label, statement, signer) => sodium.crypto_sign_verify_detached(
    signature, Buffer.concat([Buffer.from(`${label}\0`), statement]), signer);

  function sign(seed, message) {
    const { privateKey } = sodium.crypto_sign_seed_keypair(seed);
    return Buffer.from(sodium.crypto_sign_detached(message, privateKey));
  }

  function box(the, publicKey, submissionKey, persons, guardians) {
    const plain = Buffer.concat([the, u32(persons.kinds.length), u32(guardians.kinds.length),
      persons.ids, persons.kinds, guardians.ids, guardians.kinds]);
    const sealed = Buffer.from(sodium.crypto_box_seal(plain, publicKey));
    const statement = Buffer.concat([Buffer.from('statgate/box/1\0'), the, sha256(sealed)]);
    return { key_id: keyId(publicKey), box: sealed, signature: sign(submissionKey, statement) };
  }

  const nobody = { ids: Buffer.alloc(0), kinds: Buffer.alloc(0) };

  return {
    // The signing keys of the keeper that somebody handed over: 64 hex digits a line.
    readPinned: (path) => fs.readFileSync(path, 'ascii').split('\n')
      .filter((line) => line && !line.startsWith('#')).map((line) => Buffer.from(line, 'hex')),

    // What `statgate keys submission-key` made: a seed of 32 bytes, in hex.
    readKey: (path) => Buffer.from(fs.readFileSync(path, 'ascii').trim(), 'hex'),

    // The first sealing key of GetKeeperKeysResponse that a pinned key vouches for and that is
    // good now. Nothing may be sealed to any other.
    choose(answer, pinned, now = Date.now()) {
      const good = answer.sealing.find((key) => {
        const statement = Buffer.concat([key.public_key, i64(key.from_ms), i64(key.until_ms)]);
        return Number(key.from_ms) <= now + EARLY_MS && now <= Number(key.until_ms) &&
          key.signatures.some((s) => pinned.some((signer) =>
            verify(s.signature, 'statgate/sealing-key/1', statement, signer)));
      });
      if (!good) throw new Error('no sealing key that a pinned signing key vouches for today');
      return good.public_key;
    },

    // SealedPersons of a batch: ids of 12 bytes and kinds of 1 byte a row, as in PersonColumn. How
    // many guardians each row has still goes into GuardianColumn.counts.
    batch(publicKey, submissionKey, what) {
      const the = head('batch', publicKey, { ...what, rows: what.kinds.length });
      return box(the, publicKey, submissionKey, what, what.guardians || nobody);
    },

    // SealedPersons and request_id of ErasePersonRequest. The id begins with the time.
    erasure(publicKey, submissionKey, municipality, person, kind = 1) {
      const request = crypto.randomBytes(16);
      request.writeUIntBE(Date.now(), 0, 6);
      request[6] = (request[6] & 0x0f) | 0x70;
      request[8] = (request[8] & 0x3f) | 0x80;
      const the = head('erase', publicKey,
        { municipality, dataset: '', submission: request, sequence: 0, rows: 1 });
      const persons = { ids: person, kinds: Buffer.from([kind]) };
      return { sealed: box(the, publicKey, submissionKey, persons, nobody), request_id: request };
    },
  };
};
