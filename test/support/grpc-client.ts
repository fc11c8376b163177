import { join } from 'node:path';
import {
  type ChannelCredentials,
  type Client,
  type ClientReadableStream,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Received } from './event-stream.js';

const PROTO = join(import.meta.dirname, '../../proto/orchestrator_sync.proto');

/** An orchestrator on gRPC, made from the published proto alone. */
export class GrpcClient {
  private readonly client: Client & Record<string, any>;
  private readonly metadata: Metadata;
  private readonly streams: ClientReadableStream<any>[] = [];

  constructor(
    port: number,
    headers: Record<string, string> = {},
    channel: ChannelCredentials = credentials.createInsecure(),
  ) {
    const { navign } = loadPackageDefinition(loadSync(PROTO, { keepCase: true, enums: String, longs: Number })) as any;
    this.client = new navign.orchestrator.sync.OrchestratorSync(`localhost:${port}`, channel);
    this.metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) this.metadata.set(name, value);
  }

  static as(port: number, token: string, headers: Record<string, string> = {}): GrpcClient {
    return new GrpcClient(port, { authorization: `Bearer ${token}`, ...headers });
  }

  /** Calls a unary method. @throws ServiceError when refused. */
  call(method: 'Register' | 'SyncData' | 'ReportHeartbeat', request: object): Promise<any> {
    return new Promise((resolve, reject) => {
      this.client[method](request, this.metadata, (error: ServiceError | null, answer: { payload: Buffer }) =>
        error ? reject(error) : resolve(JSON.parse(answer.payload.toString())),
      );
    });
  }

  /** Reads the event stream; `failure` is set when it ends with a status other than OK. */
  events(request: object = {}, into = new Received()): GrpcStream {
    const stream = this.client['StreamEvents'](request, this.metadata) as ClientReadableStream<any>;
    this.streams.push(stream);
    return new GrpcStream(stream, into);
  }

  close(): void {
    for (const stream of this.streams) stream.cancel();
    this.client.close();
  }
}

export class GrpcStream {
  failure: ServiceError | undefined;

  constructor(
    readonly stream: ClientReadableStream<any>,
    readonly received: Received,
  ) {
    stream.on('data', ({ type, id, payload }) => {
      received.take({ event: type, id, data: JSON.parse(payload.toString()) });
    });
    stream.on('error', (error: ServiceError) => (this.failure = error));
  }
}
