# Certificates: found, listed, published; suspended, resumed and revoked.

# Certificates

portal-find-lead = 查看憑證是否有效，並下載憑證檔案。不需要卡片和讀卡機。
portal-find-by-card = 用卡號查詢
portal-find-by-serial = 用憑證序號查詢
portal-find-number = 卡號
portal-find-number-hint = 印在卡片正面，{ $prefixes } 加 { $digits } 位數字。
portal-find-number-hint-digits = 印在卡片正面，{ $prefixes } 加 { $digits } 位數字；也可以只輸入數字。
portal-find-name = 卡片持有者名稱
portal-find-name-hint = 姓名，或機關、單位、組織的名稱。
portal-find-name-example = { $kind ->
        [person] 請輸入姓名。例：{ $example }
        [member] 請輸入姓名，也可以加上機構的名稱。例：{ $example }
        [unit] 請輸入機關和單位的名稱，只寫其中一個也可以。例：{ $example }
        [numbered_organisation] 請輸入公司或組織的名稱，不必加編號。例：{ $example }
       *[organisation] 請輸入組織或團體的名稱。例：{ $example }
    }
portal-find-serial = 憑證序號
portal-find-serial-hint = 十六進位，例如 4f3a…；可以有空格或冒號。
portal-find = 查詢
portal-find-wrong = 還不能查詢
portal-find-error = 錯誤：
portal-find-number-missing = 請輸入卡號。
portal-find-number-wrong = 卡號應該是 2 個英文字母加數字，請對照卡片再輸入一次。
portal-find-name-missing = 請輸入卡片持有者名稱。
portal-find-serial-missing = 請輸入憑證序號。
portal-find-serial-wrong = 憑證序號只有數字和 A 到 F，最多 40 個字，請再輸入一次。
portal-find-none = 找不到符合的憑證
portal-find-none-card = 請確認卡號和持有者名稱都沒有打錯，也請確認這張卡片是本中心發行的。持有者也可能選擇不讓別人查到。仍然找不到，請聯絡我們。
portal-find-none-serial = 請確認憑證序號沒有打錯，也請確認這張憑證是本中心簽發的。持有者也可能選擇不讓別人查到。仍然找不到，請聯絡我們。
portal-found = 查詢結果
portal-found-of = 憑證主體
portal-found-certificate = 憑證
portal-found-status = 狀態
portal-found-validity = 有效期間
portal-found-serial = 憑證序號
portal-found-issuer = 簽發機關
portal-found-status-alone = 只用序號，查得到的是狀態。要看憑證主體或下載檔案，請用卡號和持有者名稱查詢。
portal-found-download = 下載
portal-found-download-of = 下載{ $certificate } { $format }
portal-found-meaning = 狀態的意思
portal-found-formats = 不確定要哪一種檔案時，請下載 .cer。
portal-role-signature = 簽章憑證
portal-role-encryption = 加解密憑證
portal-role-login = 登入憑證
portal-role-card_authentication = 卡片鑑別憑證
portal-status-held = 尚未開卡
    .means = 憑證已經製作在卡片裡，開卡後才會有效。
portal-status-unwritten = 已簽發，尚未寫入卡片
    .means = 卡片可以使用，只是還沒有這張憑證。請用「檢測卡片」，依結果重寫，這張憑證就會有效。
portal-status-valid = 有效
    .means = 可以正常使用。
portal-status-suspended = 停用
    .means = 暫時不能使用；要恢復請聯絡我們申請復用。
portal-status-revoked = 廢止
    .means = 永久失效，不能恢復；需要時請申請新卡片。
portal-status-expired = 已過期
    .means = 超過有效期間，不能再用來簽章或登入。

status-suspend = 憑證停用
    .choice = 卡片找不到，或一陣子不用時，先讓憑證暫時失效。之後可以自己復用。不需要卡片。
    .lead = 停用後，憑證暫時不能使用，別人撿到卡片也不能冒用。找到卡片後，可以在這裡自己復用。
    .button = 停用憑證
    .done = 憑證已經停用
    .done-lead = 從現在起，這張卡片的憑證不能用來簽章或登入，各張憑證的狀態列在下面。卡片本身沒有改變。
status-resume = 憑證復用
    .choice = 恢復您自己停用的憑證。不需要卡片。
    .lead = 恢復您自己停用的憑證，馬上可以再使用。由中心或註冊窗口停用的，要請他們恢復。
    .button = 復用憑證
    .done = 您的停用已經解除
    .done-lead = 您先前辦理的停用不再有效，憑證目前的狀態如下。
status-revoke = 憑證廢止
    .choice = 卡片確定遺失、被冒用，或不再需要時，讓憑證永久失效。不能恢復。不需要卡片。
    .lead = 廢止後，憑證永久失效，任何人都不能恢復。只是暫時不用，或卡片可能找得到，請改辦停用。
    .button = 確定廢止
    .done = 憑證已經廢止
    .done-lead = 還沒過期的憑證都已永久失效，這張卡片的憑證不能再用來簽章或登入。各張憑證的狀態列在下面。

# The form

status-error = 錯誤：
status-not-yet = 還沒有送出，請修改下面的項目
status-nothing = 沒有辦成，什麼都沒有改變
status-with-card = 卡片在手邊，也有讀卡機嗎？用卡片和用戶代碼就能辦理。
status-with-card-link = 用卡片辦理
status-form = 請填寫
status-reason-suspend = 為什麼要停用？
status-reason-suspend-lost = 卡片找不到了，可能還找得回來
status-reason-suspend-not_in_use = 一陣子不會使用
status-reason-suspend-other = 其他原因
status-reason-resume = 為什麼要復用？
status-reason-resume-found = 卡片找到了，一直沒有被別人使用
status-reason-resume-other = 其他原因
status-reason-revoke = 為什麼要廢止？
status-reason-revoke-lost = 卡片確定遺失或被偷
status-reason-revoke-key_compromise = 別人可能用過我的卡片，或知道我的PIN碼
status-reason-revoke-affiliation_changed = 姓名、機關名稱或職務改變了
status-reason-revoke-superseded = 已經有新的卡片
status-reason-revoke-ceased = 不再需要憑證
status-reason-revoke-other = 其他原因
status-reason-missing = 請選擇原因。
status-code = 用戶代碼
status-code-hint = 6 至 10 碼，英文字母大小寫有別。在密碼單上，或是申請時您自己設定的。不是PIN碼。
status-code-again = 為了安全，用戶代碼沒有保留，請再輸入一次。
status-code-wrong = 用戶代碼是 6 至 10 個英文字母、數字或符號，中間沒有空格。
status-code-limit = 用戶代碼錯誤 { $tries } 次後，就不能再用這個方式辦理。用卡片和讀卡機辦理的事不受影響。
status-captcha = 驗證碼
status-captcha-hint = 請輸入圖片中的 5 個數字。看不清楚或看不到圖片時，改回答這一題，答案用數字寫：
status-captcha-picture = 圖片中有 5 個數字。看不到時，請改回答下面的題目。
status-captcha-missing = 請輸入圖片中的數字，或題目的答案。
status-captcha-wrong = 答案不對，或這個驗證碼已經用過、超過時間。請回答新的驗證碼。
status-sum-plus = { $left }加{ $right }等於多少？
status-sum-minus = { $left }減{ $right }等於多少？
status-number = { $n ->
        [1] 一
        [2] 二
        [3] 三
        [4] 四
        [5] 五
        [6] 六
        [7] 七
        [8] 八
        [9] 九
        [10] 十
        [11] 十一
        [12] 十二
        [13] 十三
        [14] 十四
        [15] 十五
        [16] 十六
        [17] 十七
        [18] 十八
       *[other] 十九
    }
status-next = 下一步
status-what = 會發生什麼
status-suspend-what-now = 這張卡片的憑證馬上不能用來簽章、登入或開卡。
status-suspend-what-back = 找到卡片後，用同樣的資料辦理「復用」就能恢復。
status-suspend-what-card = 卡片、PIN碼和裡面的金鑰都不會改變。
status-resume-what-now = 您自己停用的憑證馬上可以再使用。
status-resume-what-back = 還沒有開卡的卡片，復用後仍然要開卡。
status-resume-what-card = 卡片曾經離開您、您不確定有沒有人用過時，請不要復用，改辦廢止。

# The second page of a revocation

status-confirm = 真的要廢止嗎？
status-confirm-lead = 您要廢止的是這張卡片的全部憑證：
status-confirm-final = 廢止之後不能恢復。您、我們，任何人都不能。
status-confirm-sign = 不能再用這張卡片簽章或登入；憑證在期限之前就永久失效。
status-confirm-decrypt = 先前用這張憑證加密給您的檔案，請在廢止前先解密另存。
status-confirm-new = 之後還需要憑證，要申請一張新卡片：請聯絡我們，電話 { $telephone }。
status-confirm-suspend = 只是暫時不用？改辦停用
status-confirm-sure = 我知道廢止後不能恢復，確定要廢止。
status-confirm-sure-missing = 請勾選，表示您知道廢止後不能恢復。
status-confirm-back = 回上一步修改
status-confirm-reason = 原因

# What came of it

status-now = 憑證目前的狀態
status-others = 別人什麼時候會知道
status-others-ask = 問我們的系統馬上就會知道：下一次查詢（OCSP）和下一次下載的憑證廢止清冊都是新的狀態。
status-others-keep = 有些系統會留著先前的答覆或清冊，最晚到 { $day } 那一份到期時就會更新。
status-afterwards = 接下來
status-suspend-afterwards-back = 找到卡片，而且沒有被別人使用，就辦理復用。
status-suspend-afterwards-lost = 確定找不到，就辦理廢止，再申請新卡片。
status-suspend-afterwards-note = 停用期間，憑證的期限照常計算。
status-resume-afterwards-use = 狀態是「有效」的憑證現在就可以使用。
status-resume-afterwards-slow = 若系統還說憑證停用，請過一些時間再試。
status-resume-others = 還有憑證是由中心或註冊窗口停用的，您不能自己恢復。請聯絡我們了解原因。
afterwards-keep = 還有效的憑證可以照常使用，卡片請留著。
afterwards-decrypt = 先解密另存：先前加密給您的檔案，憑證失效後仍然只有這張卡片能解密。
afterwards-new = 還需要憑證的話，請聯絡我們申請新卡片。
afterwards-card = 都不再需要這張卡片了，再剪斷晶片丟棄。
afterwards-systems = 用這張憑證註冊過的系統，請用新的憑證重新註冊。
status-find = 查詢憑證

# What is not done online

status-elsewhere = 不在線上辦理的事
status-elsewhere-urgent = 卡片遺失或可能被冒用時，請立刻打電話給我們，先請我們停用憑證。
status-elsewhere-suspend = 卡片遺失或可能被冒用時，不必等：請先在線上辦理
status-elsewhere-counter = 本中心由註冊窗口辦理：請本人攜帶身分證件到註冊窗口。
status-elsewhere-letter = 本中心以公文辦理：請由您的機關或組織正式發文給註冊中心，寫明卡號和原因。
status-elsewhere-paper_form = 本中心以紙本辦理：請填寫申請書，簽名或蓋章後送到註冊中心。

my-card = 我的卡片
organisation-all = 機關所有憑證
organisation-all-choice = 用機關或組織的卡片登入，查看所有卡片的憑證狀態和到期日，並下載清單。
organisation-all-lead = 這個機關（組織）在本中心的所有憑證。
organisation-expiring = 快過期憑證清單
organisation-expiring-choice = 用機關或組織的卡片登入，查看 { $days } 天內到期的憑證。
organisation-expiring-lead = { $days } 天內到期、還沒有廢止的憑證。
organisation-expiring-short = { $days } 天內到期
organisation-expiring-do = 憑證到期後不能再簽章或登入。請在到期前申請換發；需要協助請打 { $telephone }。
organisation-lists = 登入後可以看的頁面
organisation-narrow = 排序和篩選
organisation-sort = 排序
organisation-sort-holder = 依持有者
organisation-sort-number = 依卡號
organisation-sort-expiry = 依到期日，先到期的在前
organisation-sort-latest_expiry = 依到期日，後到期的在前
organisation-sort-status = 依狀態
organisation-status-all = 全部狀態
organisation-show = 顯示
organisation-none = 沒有這種狀態的憑證。
organisation-none-expiring = { $days } 天內沒有憑證到期，不用做什麼。
organisation-none-yet = 還沒有憑證。
organisation-days-left = { $days ->
        [0] 今天到期
       *[other] 還有 { $days } 天
    }
organisation-next = 下一頁
organisation-first = 回第一頁
organisation-csv = 下載清單（CSV）
organisation-csv-hint = CSV 檔可以用試算表軟體開啟，內容是目前的排序和篩選的全部憑證，不只這一頁。
organisation-from = 生效日
organisation-to = 到期日
organisation-since = { $day } 生效
organisation-supplementary = 您用附卡登入。機關（組織）所有憑證要用正卡登入才能查看。
publication = 別人查不查得到
publication-on = 目前：別人查得到這張卡片的憑證
publication-on-means = 知道卡號和持有者名稱、或憑證序號的人，可以查到並下載憑證，用來驗證您的簽章，或加密資料給您。
publication-off = 目前：別人查不到這張卡片的憑證
publication-off-means = 查詢時，別人看到的和沒有這張卡片一樣。憑證照常可以使用，驗證的系統也照常查得到是否有效。
publication-turn-off = 不要讓別人查到
publication-turn-on = 讓別人查得到
publication-now-off = 已經改好。從現在起，別人查不到這張卡片的憑證。
publication-now-on = 已經改好。從現在起，別人查得到這張卡片的憑證。
portal-note-login-ends = 登入 30 分鐘後自動登出；用完請按「登出」，再取出卡片。
