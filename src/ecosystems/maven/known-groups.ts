// Purpose:  the group of artifacts whose archives do not tell it, since they are not built by Maven.
// Spec:     none; the coordinates under which these projects publish.
// Input:    the artifact's name, and its version where the group changed with one.
// Deviates: nothing.
// Unknowns: a name that is not here, or that more than one group uses, has no group.

interface NamedGroup {
  readonly group: string
  /** Whole names, or beginnings that end with a hyphen. */
  readonly artifacts: readonly string[]
  /** Beginnings of names that are another project's. */
  readonly except?: readonly string[]
  /** First and last major version that were published under it. */
  readonly majors?: readonly [first: number, last: number]
}

/** Groups that are called like their artifact: `commons-io:commons-io`. */
const selfNamed: readonly string[] =
  'beanutils cli codec collections configuration daemon dbcp digester discovery el fileupload httpclient io jexl jxpath lang launcher logging net pool validator'
    .split(' ')
    .map((name) => `commons-${name}`)

const apacheCommons =
  'collections4 compress configuration2 crypto csv dbcp2 email exec imaging jcs-core jexl3 lang3 math math3 pool2 text vfs2'
    .split(' ')
    .map((name) => `commons-${name}`)

const spring =
  'aop aspects beans context context-indexer context-support core expression instrument jcl jdbc jms messaging orm oxm r2dbc test tx web webflux webmvc webmvc-portlet websocket'
    .split(' ')
    .map((name) => `spring-${name}`)

const groups: readonly NamedGroup[] = [
  { group: 'org.apache.commons', artifacts: apacheCommons },
  { group: 'org.springframework', artifacts: spring },
  {
    group: 'org.springframework.boot',
    artifacts: ['spring-boot', 'spring-boot-'],
    except: ['spring-boot-admin-'],
  },
  {
    group: 'org.springframework.security',
    artifacts: ['spring-security-'],
    except: ['spring-security-oauth', 'spring-security-jwt'],
  },
  { group: 'org.springframework.data', artifacts: ['spring-data-'] },
  {
    group: 'org.springframework.cloud',
    artifacts: ['spring-cloud-'],
    except: [
      'spring-cloud-gcp-',
      'spring-cloud-azure-',
      'spring-cloud-aws-',
      'spring-cloud-alibaba-',
    ],
  },
  { group: 'org.springframework.integration', artifacts: ['spring-integration-'] },
  { group: 'org.springframework.kafka', artifacts: ['spring-kafka'] },
  { group: 'org.springframework.amqp', artifacts: ['spring-amqp', 'spring-rabbit'] },
  { group: 'org.springframework.batch', artifacts: ['spring-batch-'] },
  { group: 'org.springframework.session', artifacts: ['spring-session-'] },
  { group: 'org.springframework.retry', artifacts: ['spring-retry'] },
  { group: 'org.springframework.hateoas', artifacts: ['spring-hateoas'] },
  { group: 'org.apache.tomcat.embed', artifacts: ['tomcat-embed-'] },
  {
    group: 'org.apache.tomcat',
    artifacts: ['tomcat-'],
    except: ['tomcat-native-', 'tomcat-maven-', 'tomcat-http'],
  },
  { group: 'log4j', artifacts: ['log4j'] },
  { group: 'org.apache.logging.log4j', artifacts: ['log4j-api', 'log4j-core', 'log4j-1.2-api'] },
  { group: 'com.google.guava', artifacts: ['guava'] },
  { group: 'com.google.code.gson', artifacts: ['gson'] },
  { group: 'com.google.protobuf', artifacts: ['protobuf-java', 'protobuf-java-util'] },
  { group: 'com.github.ben-manes.caffeine', artifacts: ['caffeine'] },
  {
    group: 'com.fasterxml.jackson.core',
    artifacts: ['jackson-annotations', 'jackson-core', 'jackson-databind'],
  },
  { group: 'org.codehaus.jackson', artifacts: ['jackson-core-asl', 'jackson-mapper-asl'] },
  { group: 'ch.qos.logback', artifacts: ['logback-classic', 'logback-core', 'logback-access'] },
  {
    group: 'org.slf4j',
    artifacts: ['slf4j-', 'jcl-over-slf4j', 'log4j-over-slf4j', 'jul-to-slf4j'],
  },
  { group: 'org.yaml', artifacts: ['snakeyaml'] },
  { group: 'com.h2database', artifacts: ['h2'] },
  { group: 'org.hsqldb', artifacts: ['hsqldb'] },
  { group: 'org.postgresql', artifacts: ['postgresql'] },
  { group: 'mysql', artifacts: ['mysql-connector-java'] },
  { group: 'com.mysql', artifacts: ['mysql-connector-j'] },
  { group: 'org.mariadb.jdbc', artifacts: ['mariadb-java-client'] },
  { group: 'com.microsoft.sqlserver', artifacts: ['mssql-jdbc'] },
  { group: 'org.xerial', artifacts: ['sqlite-jdbc'] },
  { group: 'org.xerial.snappy', artifacts: ['snappy-java'] },
  {
    group: 'org.bouncycastle',
    artifacts: ['bcprov-', 'bcpkix-', 'bcutil-', 'bcpg-', 'bcmail-', 'bctls-', 'bc-fips'],
  },
  { group: 'org.apache.struts', artifacts: ['struts2-'] },
  { group: 'com.thoughtworks.xstream', artifacts: ['xstream'] },
  { group: 'com.alibaba', artifacts: ['fastjson', 'druid'] },
  { group: 'xerces', artifacts: ['xercesImpl'] },
  { group: 'xalan', artifacts: ['xalan'] },
  { group: 'org.jdom', artifacts: ['jdom2'] },
  {
    group: 'org.eclipse.jetty',
    artifacts: ['jetty-server', 'jetty-http', 'jetty-util', 'jetty-io'],
  },
  { group: 'com.squareup.okhttp', artifacts: ['okhttp'], majors: [1, 2] },
  { group: 'com.squareup.okhttp3', artifacts: ['okhttp'], majors: [3, 99] },
  { group: 'org.hibernate', artifacts: ['hibernate-core'], majors: [3, 5] },
  { group: 'org.hibernate.orm', artifacts: ['hibernate-core'], majors: [6, 99] },
  { group: 'org.hibernate', artifacts: ['hibernate-validator'], majors: [3, 5] },
  { group: 'org.hibernate.validator', artifacts: ['hibernate-validator'], majors: [6, 99] },
  { group: 'dom4j', artifacts: ['dom4j'], majors: [1, 1] },
  { group: 'org.dom4j', artifacts: ['dom4j'], majors: [2, 99] },
  { group: 'org.codehaus.groovy', artifacts: ['groovy', 'groovy-all'], majors: [1, 3] },
  { group: 'org.apache.groovy', artifacts: ['groovy'], majors: [4, 99] },
  { group: 'asm', artifacts: ['asm'], majors: [1, 3] },
  { group: 'org.ow2.asm', artifacts: ['asm'], majors: [4, 99] },
  { group: 'com.squareup.okio', artifacts: ['okio', 'okio-jvm'] },
  {
    group: 'org.jetbrains.kotlin',
    artifacts: ['kotlin-stdlib', 'kotlin-stdlib-', 'kotlin-reflect'],
  },
  { group: 'org.scala-lang', artifacts: ['scala-library', 'scala-reflect', 'scala-compiler'] },
  { group: 'io.projectreactor', artifacts: ['reactor-core'] },
  { group: 'io.projectreactor.netty', artifacts: ['reactor-netty', 'reactor-netty-'] },
  { group: 'io.micrometer', artifacts: ['micrometer-'] },
  { group: 'io.grpc', artifacts: ['grpc-'] },
  { group: 'org.apache.kafka', artifacts: ['kafka-clients', 'kafka_2.12', 'kafka_2.13'] },
  { group: 'org.apache.lucene', artifacts: ['lucene-'] },
  { group: 'org.apache.solr', artifacts: ['solr-core', 'solr-solrj'] },
  { group: 'org.elasticsearch', artifacts: ['elasticsearch'] },
  { group: 'org.mybatis', artifacts: ['mybatis'] },
  { group: 'org.liquibase', artifacts: ['liquibase-core'] },
  { group: 'org.beanshell', artifacts: ['bsh'] },
  { group: 'org.bitbucket.b_c', artifacts: ['jose4j'] },
  { group: 'org.jsoup', artifacts: ['jsoup'] },
  { group: 'org.freemarker', artifacts: ['freemarker'] },
  { group: 'org.apache.velocity', artifacts: ['velocity', 'velocity-engine-core'] },
  { group: 'net.java.dev.jna', artifacts: ['jna', 'jna-platform'] },
  { group: 'org.tukaani', artifacts: ['xz'] },
  { group: 'org.hamcrest', artifacts: ['hamcrest-core'] },
  { group: 'junit', artifacts: ['junit'] },
]

/** Tomcat calls its own archives by other names than it publishes them under. */
const tomcatNames: ReadonlyMap<string, string> = new Map([
  ['catalina', 'tomcat-catalina'],
  ['catalina-ha', 'tomcat-catalina-ha'],
  ['catalina-storeconfig', 'tomcat-storeconfig'],
  ['catalina-tribes', 'tomcat-tribes'],
  ['jasper', 'tomcat-jasper'],
  ['jasper-el', 'tomcat-jasper-el'],
])

export function knownGroup(artifact: string, version: string): string | undefined {
  if (selfNamed.includes(artifact)) return artifact
  const major = Number(/^[0-9]{1,6}/.exec(version)?.[0])
  return groups.find(
    ({ artifacts, except = [], majors: [first, last] = [0, Infinity] }) =>
      (last === Infinity || (major >= first && major <= last)) &&
      artifacts.some((name) => name === artifact || isBeginning(name, artifact)) &&
      !except.some((name) => artifact.startsWith(name)),
  )?.group
}

/** `catalina` → `tomcat-catalina`; undefined for archives that are published as they are called. */
export function tomcatArtifact(name: string): string | undefined {
  return tomcatNames.get(name)
}

/** For the test that holds the table against advisories. */
export function knownArtifacts(): readonly (readonly [group: string, artifact: string])[] {
  const whole = groups.flatMap(({ group, artifacts }) =>
    artifacts.filter((name) => !name.endsWith('-')).map((name) => [group, name] as const),
  )
  return [...selfNamed.map((name) => [name, name] as const), ...whole]
}

function isBeginning(name: string, artifact: string): boolean {
  return name.endsWith('-') && artifact.startsWith(name) && artifact.length > name.length
}
