import type { PayloadOf } from '#libs/contracts';
import { commandIdOf, type InboundAck, toAckFact } from './ack.reading.js';

const ID = '01890000-0000-7000-8000-00000000abcd';

function inbound(payload: PayloadOf<'commandAck'>, correlationId?: string | null): InboundAck {
  const envelope = {
    payloadVersion: 1,
    messageId: 'm',
    robotId: 'RB-1',
    sentAt: '2026-01-01T00:00:00Z',
    type: 'cmd.ack',
    ...(correlationId === undefined ? {} : { correlationId }),
    payload,
  } as const;
  const position = { epochMs: 1, sequence: 2 };
  return { robotId: 'RB-1', subject: 'x', position, receivedAt: new Date(0), deliveries: 1, text: '', envelope };
}

it.each([
  ['ACCEPTED', 'accepted', 'Ack', 'accept'],
  ['REJECTED', 'REJECT', 'rejected'],
  ['PROGRESS', 'in_progress', 'In-Progress', 'in progress', 'progress'],
  ['COMPLETED', 'success', 'DONE', 'result', ' completed '],
  ['FAILED', 'error', 'Failed'],
])('ROB-073 reads %s in any case and with its synonyms', (word, ...texts) => {
  for (const status of texts) expect(toAckFact(inbound({ status })).word).toBe(word);
});

it('refuses a status that is no word of the documents', () => {
  expect(() => toAckFact(inbound({ status: 'maybe' }))).toThrow(/maybe/);
});

it('ROB-072 finds the command by correlationId first, else in the payload', () => {
  const other = '01890000-0000-7000-8000-00000000ffff';
  expect(commandIdOf(inbound({ status: 'done', commandId: other }, ID.toUpperCase()))).toBe(ID);
  expect(commandIdOf(inbound({ status: 'done', commandId: other }, null))).toBe(other);
  expect(commandIdOf(inbound({ status: 'done', commandId: 'CMD-1' }))).toBeUndefined();
});

it('keeps the size of a result that is too large to keep', () => {
  expect(toAckFact(inbound({ status: 'done', result: 'x'.repeat(70_000) })).result).toEqual({
    truncated: true,
    sizeBytes: 70_002,
  });
});
