import { readdirSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { variableNames } from '../src/config.ts';

/** The files with which the gateway is deployed and released agree with the gateway. */

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const { version } = JSON.parse(read('package.json')) as { version: string };
const image = read('Dockerfile');

describe('compose.yaml', () => {
  const { services } = parse(read('compose.yaml')) as { services: Record<'gateway' | 'redis', Service> };

  test('compose.yaml passes every variable of the .env file to the gateway', () => {
    expect(services.gateway.env_file).toEqual([{ path: '.env', required: false }]);
  });

  test('compose.yaml keeps the address and the data directory of the image, regardless of the .env file', () => {
    const [, port] = /EXPOSE (\d+)/.exec(image) ?? [];
    const [, directory] = /^VOLUME (.*)$/m.exec(image) ?? [];
    expect(services.gateway.environment).toMatchObject({
      HOST: '0.0.0.0',
      PORT: Number(port),
      DATA_DIR: directory,
      NODE_ENV: `\${NODE_ENV:-production}`,
    });
    expect(services.gateway.volumes).toEqual([`gateway-data:${directory}`]);
  });

  test('compose.yaml uses its Redis and production mode with a copy of .env.example, and neither if the .env file sets them otherwise', () => {
    const environmentWith = (env: string) =>
      interpolated(services.gateway.environment ?? {}, parseEnv(env) as Record<string, string>);
    expect(environmentWith(read('.env.example'))).toMatchObject({
      REDIS_URL: 'redis://redis:6379',
      NODE_ENV: 'production',
    });
    expect(environmentWith('REDIS_URL=\nNODE_ENV=test')).toMatchObject({ REDIS_URL: '', NODE_ENV: 'test' });
  });

  test('compose.yaml publishes every port on this machine only', () => {
    const ports = Object.values(services).flatMap((service) => service.ports ?? []);
    expect(ports).toEqual(['127.0.0.1:4000:4000']);
  });

  test('compose.yaml starts the gateway when Redis is healthy', () => {
    expect(services.gateway.depends_on).toEqual({ redis: { condition: 'service_healthy' } });
    expect(services.redis.healthcheck?.test.join(' ')).toContain('redis-cli ping');
  });
});

/** What Compose makes of `${NAME-default}`, for variables that are not set, and of `${NAME:-default}`, also for empty ones. */
const interpolated = (texts: Record<string, unknown>, variables: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [
      name,
      `${text}`.replace(/\$\{(\w+)(:?)-([^}]*)\}/g, (_, used: string, colon: string, byDefault: string) =>
        colon === ':' ? variables[used] || byDefault : (variables[used] ?? byDefault),
      ),
    ]),
  );

interface Service {
  env_file?: unknown;
  environment?: Record<string, unknown>;
  volumes?: string[];
  ports?: string[];
  depends_on?: unknown;
  healthcheck?: { test: string[] };
}

describe('the Helm chart', () => {
  const templates = readdirSync(new URL('../deploy/helm/templates', import.meta.url))
    .map((name) => read(`deploy/helm/templates/${name}`))
    .join('\n');
  const values = parse(read('deploy/helm/values.yaml')) as Record<string, unknown>;

  test('the Helm chart has the version of the package', () => {
    expect(parse(read('deploy/helm/Chart.yaml'))).toMatchObject({ version, appVersion: version });
  });

  test('the Helm chart uses every value of its values.yaml, and no other value', () => {
    const used = new Set(
      templates.match(/(?<=\$?\.Values\.)[\w.]+/g)?.filter((name) => !name.startsWith('env.')),
    );
    const names = Object.entries(values).flatMap(([name, value]) =>
      ['image', 'service', 'ingress'].includes(name)
        ? Object.keys(value as object).map((key) => `${name}.${key}`)
        : [name],
    );
    used.add('env');
    expect([...used].sort()).toEqual(names.sort());
  });

  test('the Helm chart sets only variables that the gateway reads', () => {
    const set = templates.match(/(?<=- \{ name: )[A-Z_]+(?=,)/g) ?? [];
    expect(set).toEqual(['HOST', 'PORT', 'METRICS_PORT', 'DATA_DIR']);
    expect(set.filter((name) => !variableNames.includes(name))).toEqual([]);
  });

  test('the Helm chart has /ready as readiness probe, and /health as liveness and startup probe', () => {
    const pathOf = (probe: string) =>
      new RegExp(`${probe}:\\s+httpGet: \\{ path: (\\S+),`).exec(templates)?.[1];
    expect(['readinessProbe', 'livenessProbe', 'startupProbe'].map(pathOf)).toEqual([
      '/ready',
      '/health',
      '/health',
    ]);
  });

  test('the Helm chart ends the old pod before the new one starts if a volume has the data and no strategy is set', () => {
    expect(templates).toMatch(
      /else if \.Values\.dataClaimName \}\}\s+(#.*\s+)?strategy: \{ type: Recreate, rollingUpdate: null \}/,
    );
  });

  test('the Helm chart starts no second replica if neither env nor the Secret has REDIS_URL', () => {
    expect(templates).toMatch(
      /if and \(gt \(int \.Values\.replicas\) 1\) \(not \.Values\.env\.REDIS_URL\) \}\}\s+(#.*\s+)?- name: REDIS_URL\s+valueFrom:\s+secretKeyRef: \{ name: \{\{ \.Values\.secretName \| quote \}\}, key: REDIS_URL \}\s+\{\{- end/,
    );
  });

  test('the Helm chart contains no secret, but refers to a secret', () => {
    expect(templates).not.toContain('kind: Secret');
    expect(templates).toContain('secretRef');
  });
});

describe('the shutdown', () => {
  /** docs/operating.md: "Wait twelve seconds before you kill the process." */
  const seconds = 12;
  const pages = read('docs/deployment.md');
  const numberIn = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1]);

  test('Compose, systemd and Fly.io wait twelve seconds after the signal before they kill the process', () => {
    expect(numberIn(read('compose.yaml'), /stop_grace_period: (\d+)s$/m)).toBe(seconds);
    expect(numberIn(pages, /^TimeoutStopSec=(\d+)$/m)).toBe(seconds);
    expect(numberIn(pages, /^kill_timeout = "(\d+)s"$/m)).toBe(seconds);
  });

  test('Kubernetes waits twelve seconds after the signal, which follows a pause, before it kills the process', () => {
    const template = read('deploy/helm/templates/deployment.yaml');
    const pause = numberIn(template, /exec: \{ command: \["sleep", "(\d+)"\] \}/);
    expect(numberIn(template, /terminationGracePeriodSeconds: (\d+)/)).toBeGreaterThanOrEqual(
      pause + seconds,
    );
  });
});

describe('the proxies of docs/deployment.md', () => {
  const page = read('docs/deployment.md');
  const [single = '', several = ''] = page.split('### Several processes behind a proxy');

  test('a proxy in front of one process does not check /ready, because the process serves cached data while it is not ready', () => {
    expect(single).toContain('reverse_proxy gateway:4000 {\n    lb_try_duration 10s\n');
    expect(single).not.toContain('health_uri');
  });

  test('a proxy in front of several processes repeats requests that one of them rejects with 503 while it shuts down', () => {
    expect(several).toMatch(/^proxy_next_upstream .*\bhttp_503 non_idempotent;$/m);
    expect(several).toMatch(/^ {2}retry-on .*\b503$/m);
    expect(several.match(/^ {2}server \S+ max_fails=0;$/gm)).toHaveLength(2);
  });
});

describe('the release', () => {
  const { jobs, on } = parse(read('.github/workflows/release.yml')) as {
    jobs: Record<string, Job>;
    on: unknown;
  };
  const commandsOf = (name: string) => jobs[name]?.steps.map(({ run = '', uses = '' }) => run || uses) ?? [];

  test('the release publishes nothing before all checks have passed', () => {
    expect(on).toEqual({ push: { tags: ['v*.*.*'] } });
    expect(commandsOf('check')).toContain('.ci/run');
    const needs = Object.entries(jobs).map(([name, job]) => [name, job.needs]);
    expect(Object.fromEntries(needs)).toEqual({
      check: undefined,
      package: 'check',
      image: 'check',
      chart: 'image',
    });
  });

  test('the release signs the origin of the package and of the image', () => {
    for (const name of ['package', 'image']) {
      expect(jobs[name]?.permissions, name).toMatchObject({ 'id-token': 'write', attestations: 'write' });
      expect(commandsOf(name).join(), name).toContain('actions/attest-build-provenance@');
    }
    expect(commandsOf('package').join()).toContain('npm publish --provenance');
  });

  test('the release builds the image for amd64 and arm64', () => {
    const build = jobs['image']?.steps.find(({ uses = '' }) => uses.startsWith('docker/build-push-action@'));
    expect(build?.with).toMatchObject({ platforms: 'linux/amd64,linux/arm64', push: true, sbom: true });
  });
});

interface Job {
  needs?: string;
  permissions?: Record<string, string>;
  steps: { run?: string; uses?: string; with?: Record<string, unknown> }[];
}
