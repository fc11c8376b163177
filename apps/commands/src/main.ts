import { runService } from '#libs/platform';
import { CommandsModule } from './commands.module.js';

await runService({ name: 'commands', module: CommandsModule });
