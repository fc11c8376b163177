import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { PlatformConfig, ServerTls } from '#libs/platform';
import { findUpwards } from '../documents/find.upwards.js';
import { GrpcSettings } from './grpc.settings.js';
import { TlsCredentials } from './grpc.credentials.js';
import { OrchestratorSyncCalls } from './orchestrator-sync.calls.js';

const PROTO = join('proto', 'orchestrator_sync.proto');
const SERVICE = 'navign.orchestrator.sync.OrchestratorSync';
const LOOPBACK = '127.0.0.1';
const LOOPBACK_HOSTS: readonly string[] = [LOOPBACK, 'localhost', '::1'];
const STOP_WITHIN_MS = 2_000;
const RETRY_MS = 5_000;

const OPTIONS = {
  // A connection that a firewall forgot shows no end.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 20_000,
  'grpc.max_receive_message_length': 1024 ** 2,
};

/** The gRPC listener: TLS where certificates are configured, else for this machine alone (decision G12). */
@Injectable()
export class GrpcServer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Grpc');
  private server: Server | undefined;
  private retry: NodeJS.Timeout | undefined;
  private boundPort: number | undefined;

  constructor(
    private readonly settings: GrpcSettings,
    private readonly config: PlatformConfig,
    private readonly tls: ServerTls,
    private readonly calls: OrchestratorSyncCalls,
  ) {}

  /** Where it listens; undefined while it does not. */
  get port(): number | undefined {
    return this.boundPort;
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.settings.isOn) await this.listen();
  }

  async onModuleDestroy(): Promise<void> {
    clearTimeout(this.retry);
    const { server } = this;
    this.server = undefined;
    if (!server) return;
    const cut = setTimeout(() => server.forceShutdown(), STOP_WITHIN_MS);
    await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    clearTimeout(cut);
  }

  /** A port that another process has, as in a rolling update on one machine, is asked for again: the rest is served meanwhile. */
  private async listen(): Promise<void> {
    const server = this.build();
    try {
      this.boundPort = await bind(server, `${this.host}:${this.settings.port}`, this.credentials());
      this.server = server;
      this.logger.log({ event: 'grpc_listening', host: this.host, port: this.boundPort });
    } catch (error) {
      this.logger.error({ event: 'grpc_not_listening', message: 'set GRPC_PORT to a free port, or GRPC=off', error });
      this.retry = setTimeout(() => void this.listen(), RETRY_MS).unref();
    }
  }

  private build(): Server {
    const server = new Server(OPTIONS);
    const { register, streamEvents, syncData, reportHeartbeat } = this.calls;
    server.addService(loadService(), {
      Register: register,
      StreamEvents: streamEvents,
      SyncData: syncData,
      ReportHeartbeat: reportHeartbeat,
    });
    return server;
  }

  /** Plaintext is for this machine alone, whatever the settings say. */
  get host(): string {
    const { host } = this.config;
    if (this.tls.current || LOOPBACK_HOSTS.includes(host)) return host.includes(':') ? `[${host}]` : host;
    return LOOPBACK;
  }

  private credentials(): ServerCredentials {
    const { current } = this.tls;
    return current ? new TlsCredentials(this.tls, current) : ServerCredentials.createInsecure();
  }
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => (error ? reject(error) : resolve(port)));
  });
}

function loadService(): ServiceDefinition {
  const path = findUpwards(dirname(fileURLToPath(import.meta.url)), PROTO);
  if (path === undefined) throw new Error(`${PROTO} is missing in this installation`);
  const definition = loadSync(path, { keepCase: true, enums: String, longs: Number, defaults: true })[SERVICE];
  if (definition === undefined || 'format' in definition) throw new Error(`${PROTO} declares no ${SERVICE}`);
  return definition;
}
