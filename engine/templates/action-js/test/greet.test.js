import assert from 'node:assert/strict';
import test from 'node:test';

import { greet } from '../src/greet.js';

test('it greets and logs', () => {
  const lines = [];
  const output = greet({ name: 'Ada', times: 2 }, (message) => lines.push(message));
  assert.deepEqual(output, { message: 'Hello, Ada! Hello, Ada!' });
  assert.deepEqual(lines, ['greeting']);
});

test('an empty name is refused', () => {
  assert.throws(() => greet({ name: '' }, () => {}), { case: 'invalid-input', kind: 'no_name' });
});
