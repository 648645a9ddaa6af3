import { runSandboxCommand } from './command.ts';

await runSandboxCommand(process.argv.slice(2), 'npm start');
