// Calls operations with the `soap` package: node ic_calls.js WSDL 1.1|1.2 SERVICE STEPS, the steps being JSON
// [[operation, fields], …]; "$token" among the fields is the token of an earlier answer. Prints the results.
"use strict";
const soap = require("soap");

async function main(wsdl, version, service, steps) {
  const client = await soap.createClientAsync(wsdl, { forceSoap12Headers: version === "1.2" });
  const port = client[service][`${service}${version === "1.2" ? "Soap12" : "Soap"}`];
  const call = (operation, fields) =>
    new Promise((resolve, reject) =>
      port[operation](fields, (error, result) => (error ? reject(error) : resolve(result[`${operation}Result`])))
    );
  const out = { operations: Object.keys(port).sort(), results: [] };
  let token = "";
  for (const [operation, fields] of JSON.parse(steps)) {
    if (fields.RemoteAuthenticationToken === "$token") fields.RemoteAuthenticationToken = token;
    const result = await call(operation, fields);
    token = result.RemoteAuthenticationToken || token;
    out.results.push(result);
  }
  process.stdout.write(JSON.stringify(out));
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
