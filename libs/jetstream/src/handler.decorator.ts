import { applyDecorators } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import type { ConsumerContract, MessageContract } from '#libs/contracts';

/** Marks handlers that belong to the JetStream strategy. */
export const JETSTREAM_TRANSPORT = Symbol('jetstream');

/** How a handler wants its messages. */
export interface Delivery {
  readonly consumer: ConsumerContract;
  /** Contract that bodies are checked against; absent for a headers-only consumer. */
  readonly message?: MessageContract;
  /** How many handler calls may run at once. */
  readonly concurrency: number;
  /** Hand over arrays of up to `size`, waiting at most `waitMs` for more; absent for one message a call. */
  readonly batch?: { readonly size: number; readonly waitMs: number };
}

/**
 * Binds a method to a durable consumer. It receives one `Inbound` message at a time, or, with `batch`, an array; what it
 * returns or throws decides the acknowledgement (see `Settlement`).
 */
export function Ingest(delivery: Delivery): MethodDecorator {
  return applyDecorators(EventPattern<string>(delivery.consumer.durable, JETSTREAM_TRANSPORT, { delivery }));
}
