for a in org.apache.maven:maven-artifact:3.9.9 org.apache.logging.log4j:log4j-core:2.14.1 org.springframework:spring-core:5.3.9 org.apache.tomcat.embed:tomcat-embed-core:9.0.50 com.google.guava:guava:27.0-jre commons-collections:commons-collections:3.2.1 log4j:log4j:1.2.17 org.springframework.boot:spring-boot:2.5.3 org.postgresql:postgresql:42.2.18 org.bouncycastle:bcprov-jdk15on:1.60 com.github.ben-manes.caffeine:caffeine:2.3.5 org.codehaus.plexus:plexus-utils:3.5.1; do
 mvn -q -B dependency:get -Dtransitive=false -Dartifact=$a >> get.log 2>&1 || echo FAIL $a
done; echo done
