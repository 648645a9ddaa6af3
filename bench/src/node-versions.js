import { execFileSync } from 'node:child_process';

/**
 * Another Node for the servers: the package `node` of npm, through npx.
 * @param major such as `22`
 * @returns its `path` and `version`
 */
export function findNode(major) {
  if (process.versions.node.startsWith(`${major}.`))
    return { path: process.execPath, version: process.version };
  const args = [
    '--yes',
    '--package',
    `node@${major}`,
    'node',
    '-p',
    'process.execPath + " " + process.version',
  ];
  const [path, version] = execFileSync('npx', args, { encoding: 'utf8' }).trim().split(' ');
  if (!version?.startsWith(`v${major}.`)) throw new Error(`npx did not find Node ${major}, but ${version}.`);
  return { path, version };
}
