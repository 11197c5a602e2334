// Unmodified helm: charts in a registry, one repository for each chart. It deletes nothing itself.
import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { BatchDeleteImageCommand, DescribeImagesCommand } from '@aws-sdk/client-ecr'
import { openClientRegistry } from '../kit/client-registry.ts'
import { missing } from '../kit/run.ts'

const template = `apiVersion: v1
kind: ConfigMap
metadata: {name: greeting}
data: {text: {{ .Values.greeting }}}
`

/** A chart's directory; its only template shows the greeting of its values. */
async function writeChart(
  directory: string,
  chart: {
    readonly name: string
    readonly version: string
    readonly greeting: string
    readonly needs?: string
  },
): Promise<string> {
  const root = join(directory, `${chart.name}-${chart.greeting}`)
  await mkdir(join(root, 'templates'), { recursive: true })
  const lines = ['apiVersion: v2', `name: ${chart.name}`, `version: ${chart.version}`]
  if (chart.needs !== undefined) lines.push('dependencies:', chart.needs)
  await writeFile(join(root, 'Chart.yaml'), `${lines.join('\n')}\n`)
  await writeFile(join(root, 'values.yaml'), `greeting: ${chart.greeting}\n`)
  await writeFile(join(root, 'templates', 'greeting.yaml'), template)
  return root
}

test('helm', { skip: missing('helm') }, async (t) => {
  const registry = await openClientRegistry(t)
  const { server, host, password } = registry
  const inside = (name: string): string => join(registry.directory, name)
  const charts = `oci://${host}/charts`
  const does = async (...args: readonly string[]): Promise<string> =>
    registry.succeed('helm', [...args, '--plain-http'])
  const fails = async (...args: readonly string[]): Promise<string> =>
    registry.fail('helm', [...args, '--plain-http'])
  const logIn = (user: string): readonly string[] =>
    `registry login ${host} --plain-http -u ${user} --password-stdin`.split(' ')
  /** The packed chart, in a directory of its own: helm names the file by chart and version alone. */
  const pack = async (chart: Parameters<typeof writeChart>[1]): Promise<string> => {
    const source = await writeChart(inside('sources'), chart)
    const target = inside(`packed-${chart.name}-${chart.greeting}`)
    await registry.succeed('helm', ['package', source, '--destination', target])
    return join(target, `${chart.name}-${chart.version}.tgz`)
  }
  const version = '1.2.3+build.5'
  const app = await pack({ name: 'app', version, greeting: 'hello' })
  await registry.createRepository('charts/app')

  await t.test('logs in with either kind of credential, and is told of a wrong one', async () => {
    const wrong = await registry.fail('helm', logIn('AWS'), { input: 'wrong' })
    assert.match(wrong, /unauthorized/i)
    const { accessKeyId, secretAccessKey } = server
    await registry.succeed('helm', logIn(accessKeyId), { input: secretAccessKey })
    await registry.succeed('helm', ['registry', 'logout', host])
    await fails('push', app, charts)
    await registry.succeed('helm', logIn('AWS'), { input: password })
  })

  await t.test('pushes a chart whose version has a plus sign, shows and pulls it', async () => {
    await writeFile(`${app}.prov`, 'a provenance file goes along\n')
    await does('push', app, charts)
    const shown = await does('show', 'chart', `${charts}/app`, '--version', version)
    assert.match(shown, /^version: 1\.2\.3\+build\.5$/m)
    assert.match(await does('show', 'values', `${charts}/app`), /^greeting: hello$/m)
    await mkdir(inside('back'))
    await does('pull', `${charts}/app`, '--version', version, '--prov', '-d', inside('back'))
    for (const file of [`app-${version}.tgz`, `app-${version}.tgz.prov`]) {
      const source = await readFile(join(app, '..', file))
      assert.ok(source.equals(await readFile(inside(`back/${file}`))), file)
    }
  })

  await t.test('pulls by digest, and renders by a range of versions', async () => {
    const repositoryName = 'charts/app'
    const described = await server.ecr.send(new DescribeImagesCommand({ repositoryName }))
    const [image] = described.imageDetails ?? []
    assert.deepEqual(image?.imageTags, ['1.2.3_build.5'])
    await mkdir(inside('exact'))
    await does(
      'pull',
      `${charts}/app@${image?.imageDigest ?? ''}`,
      '-d',
      inside('exact'),
      '--untar',
    )
    assert.match(await readFile(inside('exact/app/values.yaml'), 'utf8'), /greeting: hello/)
    const rendered = await does('template', 'name', `${charts}/app`, '--version', '>=1.0.0')
    assert.match(rendered, /^data: \{text: hello\}$/m)
    assert.match(
      await fails('show', 'chart', `${charts}/app`, '--version', '>2'),
      /Could not locate a version/,
    )
  })

  await t.test('builds a chart out of one that the registry has', async () => {
    await registry.createRepository('charts/parent')
    const needs = `- {name: app, version: ">=1.0.0", repository: "${charts}"}`
    const parent = { name: 'parent', version: '0.1.0', greeting: 'parent', needs }
    const source = await writeChart(inside('sources'), parent)
    await does('dependency', 'update', source)
    await registry.succeed('helm', ['package', source, '-d', inside('packed-parent')])
    await does('push', inside('packed-parent/parent-0.1.0.tgz'), charts)
    const rendered = await does('template', 'name', `${charts}/parent`)
    assert.match(rendered, /text: parent/)
    assert.match(rendered, /text: hello/)
  })

  await t.test('may repeat a push of a version, not change it', async () => {
    await does('push', app, charts)
    const changed = await pack({ name: 'app', version, greeting: 'goodbye' })
    assert.match(
      await fails('push', changed, charts),
      /The image tag '1\.2\.3_build\.5' already exists in the 'charts\/app' repository and cannot be overwritten because the repository is immutable/,
    )
    assert.match(await does('show', 'values', `${charts}/app`), /^greeting: hello$/m)
  })

  await t.test('is told that a chart has no repository', async () => {
    const other = await pack({ name: 'other', version: '1.0.0', greeting: 'other' })
    assert.match(await fails('push', other, charts), /repository charts\/other does not exist/)
  })

  await t.test('no longer finds a chart that was deleted', async () => {
    const imageIds = [{ imageTag: '1.2.3_build.5' }]
    const repositoryName = 'charts/app'
    await server.ecr.send(new BatchDeleteImageCommand({ repositoryName, imageIds }))
    const refusal = await fails('pull', `${charts}/app`, '--version', version)
    assert.match(refusal, /not found/)
  })
})
