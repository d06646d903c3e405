<?php
// Calls operations with PHP's SoapClient: php ic_calls.php WSDL 1.1|1.2 SERVICE STEPS, the steps being JSON
// [[operation, fields], …]; "$token" among the fields is the token of an earlier answer. Prints the results.
[, $wsdl, $version, , $steps] = $argv;
$client = new SoapClient($wsdl, [
    'soap_version' => $version === '1.2' ? SOAP_1_2 : SOAP_1_1,
    'cache_wsdl' => WSDL_CACHE_NONE,
]);
$operations = array_map(fn (string $one) => preg_replace('/^\w+ (\w+)\(.*$/', '$1', $one), $client->__getFunctions());
$operations = array_values(array_unique(array_map(fn (string $one) => preg_replace('/Response$/', '', $one), $operations)));
sort($operations);
$token = '';
$results = [];
foreach (json_decode($steps, true, 16, JSON_THROW_ON_ERROR) as [$operation, $fields]) {
    if (($fields['RemoteAuthenticationToken'] ?? '') === '$token') {
        $fields['RemoteAuthenticationToken'] = $token;
    }
    $result = $client->__soapCall($operation, [$fields])->{$operation . 'Result'};
    $token = $result->RemoteAuthenticationToken ?? $token;
    $results[] = $result;
}
echo json_encode(['operations' => $operations, 'results' => $results], JSON_THROW_ON_ERROR);
