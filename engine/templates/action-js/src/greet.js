// The action itself: an ordinary function, tested on this machine by `npm test`.

/** What people and editors are shown, and what inputs are checked against (JSON Schema). */
export const about = {
  summary: 'Greets somebody.',
  parameters: {
    type: 'object',
    properties: {
      name: { type: 'string', description: 'Who to greet.' },
      times: { type: 'integer', minimum: 0, maximum: 255, default: 1, description: 'How many times.' },
    },
    required: ['name'],
    additionalProperties: false,
  },
  output: {
    type: 'object',
    properties: { message: { type: 'string', description: 'The greeting.' } },
    required: ['message'],
  },
};

/**
 * A failed attempt. `invalid-input` and `permanent` are not tried again, `transient` is, as the
 * task says. `kind` is the `error.type` that workflows match on.
 */
export class Failure extends Error {
  constructor(kase, message, kind, details) {
    super(message);
    Object.assign(this, { case: kase, kind, details });
  }
}

export function greet({ name, times = 1 }, info) {
  if (name === '') throw new Failure('invalid-input', '`name` is empty', 'no_name');
  info('greeting', { name, times });
  return { message: Array(times).fill(`Hello, ${name}!`).join(' ') };
}
