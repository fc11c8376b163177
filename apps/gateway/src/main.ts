import { runService } from '#libs/platform';
import { GatewayModule } from './gateway.module.js';

await runService({ name: 'gateway', module: GatewayModule, servesTls: true, configure: GatewayModule.configure });
