import { sortCommands, type WaitingCommand } from './command.taking.js';

const command = (commandId: string, carriedBy: number | null): WaitingCommand => ({
  commandId,
  entityId: 'm',
  beaconId: 'b',
  commandJson: { type: 'restart' },
  carriedBy: carriedBy === null ? null : new Date(carriedBy),
});

it('ORC-062 a command goes out until a newer heartbeat than the one that carried it', () => {
  const waiting = [command('old', 100), command('same', 200), command('new', null)];
  const { confirmed, carried } = sortCommands(waiting, 200);
  expect(confirmed.map(({ commandId }) => commandId)).toEqual(['old']);
  expect(carried.map(({ commandId }) => commandId)).toEqual(['same', 'new']);
});

it('an older heartbeat that comes late confirms nothing', () => {
  expect(sortCommands([command('a', 200)], 100)).toMatchObject({ confirmed: [], carried: [{ commandId: 'a' }] });
});
