import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { variableNames } from '../src/config.ts';
import { withSandbox } from './support/gateway.ts';

/** The docs, the dashboard and the alerts for operators name every variable and metric, and none that does not exist. */

const read = (name: string): string => readFileSync(new URL(`../docs/${name}`, import.meta.url), 'utf8');
const page = read('operating.md');
const dashboard = read('grafana.json');
const alerts = read('alerts.yaml');

async function metricNames(): Promise<string[]> {
  const { gateway } = await withSandbox();
  const metrics = await gateway.metrics.registry.getMetricsAsJSON();
  return metrics.map(({ name }) => name).sort();
}

const uniqueMatches = (text: string, pattern: RegExp): string[] =>
  [...new Set(text.match(pattern) ?? [])].sort();

describe('docs/operating.md', () => {
  test('docs/operating.md states when to change a variable for variables that exist', () => {
    const table = /## When to change a variable\n.*?(?=\n## )/s.exec(page)?.[0] ?? '';
    const cells = Array.from(table.matchAll(/^\| (`.*?`) \|/gm), ([, cell = '']) => cell).join();
    const names = uniqueMatches(cells, /[A-Z_]+/g);
    expect(names).toContain('SPOTIFY_MARKET');
    expect([...variableNames]).toEqual(expect.arrayContaining(names));
  });

  test('docs/operating.md states the meaning of every metric and the action to take, and names no other metric', async () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| `spotify_graphql_'));
    const names = rows.map((row) => /spotify_graphql_\w+/.exec(row)?.[0]);
    expect(names.sort()).toEqual(await metricNames());
    for (const row of rows) {
      const [, , meaning = '', action = ''] = row.split('|').map((cell) => cell.trim());
      expect(meaning.length && action.length, row).toBeGreaterThan(0);
    }
  });

  test('docs/operating.md names the labels of each metric', async () => {
    const { registry } = (await withSandbox()).gateway.metrics;
    for (const [, name = '', labels = ''] of page.matchAll(
      /^\| `(spotify_graphql_\w+)(?:\{([\w,]+)\})?`/gm,
    )) {
      const metric = registry.getSingleMetric(name);
      expect(metric, name).toBeDefined();
      const { labelNames } = metric as unknown as { labelNames: string[] };
      expect(labelNames.join(), name).toBe(labels);
    }
  });
});

test('docs/grafana.json queries every metric that exists, and no other', async () => {
  const queried = uniqueMatches(dashboard, /spotify_graphql_\w+/g).map((name) =>
    name.replace(/_(?:bucket|sum|count)$/, ''),
  );
  expect([...new Set(queried)].sort()).toEqual(await metricNames());
});

test('every panel of docs/grafana.json has a description, and every tile has thresholds', () => {
  const { panels } = JSON.parse(dashboard) as { panels: Panel[] };
  expect(panels.filter(({ description = '' }) => description === '')).toEqual([]);
  const tiles = panels.filter(({ type }) => type === 'stat');
  expect(tiles.length).toBeGreaterThan(0);
  expect(tiles.filter(({ fieldConfig }) => !fieldConfig.defaults.thresholds)).toEqual([]);
});

interface Panel {
  type: string;
  description?: string;
  fieldConfig: { defaults: { thresholds?: object } };
}

test('docs/alerts.yaml has alerts for readiness, quota and rejections, about metrics that exist', async () => {
  const { groups } = parse(alerts) as { groups: { rules: Alert[] }[] };
  const rules = groups.flatMap((group) => group.rules);
  for (const rule of rules) {
    expect(Object.keys(rule.annotations), rule.alert).toEqual(['summary', 'action']);
    expect(rule.expr, rule.alert).toMatch(/[<>]|==/);
  }
  const names = rules.map(({ alert }) => alert);
  expect(names).toEqual(
    expect.arrayContaining(['GatewayGetsNoToken', 'GatewayQuotaLow', 'GatewayRejectsRequests']),
  );
  const existingMetrics = await metricNames();
  expect(
    uniqueMatches(alerts, /spotify_graphql_\w+/g).filter((name) => !existingMetrics.includes(name)),
  ).toEqual([]);
  const labels = uniqueMatches(alerts, /(?<=reason=")[\w-]+/g);
  expect(labels.filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
});

interface Alert {
  alert: string;
  expr: string;
  annotations: Record<string, string>;
}
