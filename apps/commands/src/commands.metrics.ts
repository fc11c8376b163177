import { Counter, register } from 'prom-client';

export const dispatches = new Counter({
  name: 'muster_commands_dispatched_total',
  help: 'Publishes of commands by outcome',
  labelNames: ['outcome'],
  registers: [register],
});

export const acknowledgements = new Counter({
  name: 'muster_command_acks_total',
  help: 'Acknowledgements of commands by outcome: recorded, repeated, or unknown when no such command exists',
  labelNames: ['outcome'],
  registers: [register],
});

export const swept = new Counter({
  name: 'muster_commands_swept_total',
  help: 'Commands that the sweeper handled by what it did',
  labelNames: ['step'],
  registers: [register],
});
