// Reads clocks, waits for them to move, draws random numbers.

export const about = {
  summary: 'Looks around.',
  parameters: { type: 'object', properties: { name: { type: 'string' } } },
  output: { type: 'object', properties: { message: { type: 'string' } } },
};

export function greet() {
  const began = Date.now();
  const times = [began];
  while (times.at(-1) < began + 1000) times.push(Date.now());
  const random = [Math.random(), Math.random()];
  const clock = typeof performance === 'undefined' ? null : performance.now();
  return { message: JSON.stringify({ began, looks: times.length, random, clock }) };
}
