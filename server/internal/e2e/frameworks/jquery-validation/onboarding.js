$.validator.addMethod('answered', (value, element) => element.checkValidity(), (rule, element) => element.validationMessage);
$('form').validate({ customElements: ['ekyc-connect'], rules: { 'ekyc-connect-response': 'answered' } });
$('ekyc-connect').on('ekyc-token ekyc-decline', event => $(event.target).valid()); // takes the message away
