import { CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { redriveConsumer } from '#libs/contracts';
import type { BrokerConnection } from './connection.js';
import { DeadLetters } from './dead-letters.js';
import { type Delivery, JETSTREAM_TRANSPORT } from './handler.decorator.js';
import type { JetStreamPublisher } from './publisher.js';
import { type IsTransient, Settlement } from './settlement.js';
import { DurableSubscription } from './subscription.js';
import { type Handler, Worker } from './worker.js';

/**
 * Nest's way into JetStream: every `@Ingest` handler is fed by its durable pull consumer and by the durable of its
 * re-driven dead letters. Streams and consumers are looked up, never made, here.
 */
export class JetStreamStrategy extends Server implements CustomTransportStrategy {
  override readonly transportId = JETSTREAM_TRANSPORT;
  private readonly subscriptions: DurableSubscription[] = [];
  private readonly deadLetters: DeadLetters;

  constructor(
    private readonly broker: BrokerConnection,
    publisher: JetStreamPublisher,
    private readonly isTransient: IsTransient,
  ) {
    super();
    this.deadLetters = new DeadLetters(publisher);
  }

  /** Starts every consumer. @throws MissingResourceError naming what was not provisioned. */
  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      for (const handler of this.messageHandlers.values()) await this.subscribe(handler);
      callback();
    } catch (error) {
      callback(error);
    }
  }

  /** Stops pulling and waits for the handlers in flight. */
  async close(): Promise<void> {
    await Promise.all(this.subscriptions.splice(0).map((subscription) => subscription.stop()));
  }

  override on(): void {
    throw new Error('The JetStream strategy emits no events; watch BrokerConnection instead.');
  }

  override unwrap<T>(): T {
    throw new Error('Inject BrokerConnection to reach the connection.');
  }

  private async subscribe(nestHandler: MessageHandler): Promise<void> {
    const { delivery }: { delivery?: Delivery } = nestHandler.extras ?? {};
    if (!delivery) throw new Error('A JetStream handler needs @Ingest({...}).');
    const handler: Handler = async (input) => {
      const result = this.transformToObservable(await nestHandler(input));
      await lastValueFrom(result, { defaultValue: undefined });
    };
    for (const consumer of [delivery.consumer, redriveConsumer(delivery.consumer)]) {
      const settlement = new Settlement(consumer, this.deadLetters, this.isTransient);
      const worker = new Worker({
        delivery: { ...delivery, consumer },
        handler,
        settlement,
        isTransient: this.isTransient,
      });
      const subscription = new DurableSubscription(this.broker, consumer, worker);
      await subscription.start();
      this.subscriptions.push(subscription);
    }
  }
}
