<?php
// Calls all five operations with PHP's SoapClient: php calls.php WSDL 1.1|1.2 KEY
[, $wsdl, $version, $key] = $argv;
$client = new SoapClient($wsdl, [
    'soap_version' => $version === '1.2' ? SOAP_1_2 : SOAP_1_1,
    'cache_wsdl' => WSDL_CACHE_NONE,
    'trace' => true,
]);
$call = fn (string $operation, array $fields) => $client->__soapCall($operation, [$fields])->{$operation . 'Result'};
$balance = fn () => $call('BalanceCheck', ['AccountNumber' => '10000101', 'LastInvoiceNumber' => 500001, 'WebServiceKey' => $key]);

$out = ['functions' => count($client->__getFunctions())];
$out['before'] = $balance();
$out['payment'] = $call('MakePaymentExtended', [
    'AccountNumber' => '10000101',
    'PaymentDate' => '2026-11-21T10:00:00-05:00',
    'PaymentReference' => 'IC-<1>',
    'DocumentNumber' => '500001',
    'PaymentTypeDesc' => 'Credit Card',
    'PaymentAmount' => '25.50',
    'ConvenienceFee' => '2.95',
    'WebserviceKey' => $key,
]);
$out['paperless'] = $call('SetPaperless', ['Accountnumber' => '10000101', 'PaperlessOnOff' => 'On', 'WebserviceKey' => $key]);
$out['autopay'] = $call('SetAutopay', ['Accountnumber' => '10000101', 'AutoPayOnOff' => 'Off', 'WebserviceKey' => $key]);
$out['email'] = $call('SetEmail', ['Accountnumber' => '10000101', 'NewEmail' => 'bäckerei@example.com', 'WebserviceKey' => $key]);
$out['after'] = $balance();
$out['refused'] = $call('SetPaperless', ['Accountnumber' => '10000101', 'PaperlessOnOff' => 'Yes', 'WebserviceKey' => $key]);
$out['absent'] = $call('BalanceCheck', ['AccountNumber' => '10000105', 'LastInvoiceNumber' => 0, 'WebServiceKey' => $key]);
$out['successByText'] = str_contains($client->__getLastResponse(), '<Success>true</Success>');
try {
    $call('MakePaymentExtended', [
        'PaymentDate' => 'soon', 'PaymentAmount' => '1', 'ConvenienceFee' => '0', 'WebserviceKey' => $key,
    ]);
} catch (SoapFault $fault) {
    $out['fault'] = ['code' => $fault->faultcode, 'text' => $fault->faultstring];
}
echo json_encode($out, JSON_THROW_ON_ERROR);
