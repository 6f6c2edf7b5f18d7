// What the engine calls: JSON in and out, and failures in the form it knows. The work itself is
// in greet.js, which knows nothing of the engine.

import log from 'attune:action/log@1.0.0';

import { about, greet } from './greet.js';

/** Writes one line to the log of the attempt. */
function info(message, fields = {}) {
  const list = Object.entries(fields);
  log.write('info', message, list.map(([name, value]) => ({ name, value: JSON.stringify(value) })));
}

/** Turns whatever was thrown into a failed attempt. */
function failed(error) {
  const { message, kind = null, details = null } = error;
  // What nobody threw on purpose is a mistake in the code: trying again does not help.
  const tag = error.case ?? 'permanent';
  const text = error.case ? message : `${error}`;
  return { tag, val: { kind, message: text, details: details && JSON.stringify(details) } };
}

export const handler = {
  run(input) {
    try {
      return JSON.stringify(greet(JSON.parse(input), info) ?? null);
    } catch (error) {
      throw failed(error);
    }
  },
};

export const describe = {
  describe() {
    return {
      summary: about.summary,
      description: about.description ?? null,
      parameters: JSON.stringify(about.parameters),
      output: JSON.stringify(about.output),
      grants: null,
    };
  },
};
